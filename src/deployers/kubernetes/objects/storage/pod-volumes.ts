import type { V1Volume } from '@kubernetes/client-node';
import type { Names } from '../common/names.js';

/** Collects the `volumes` of a pod while its containers are built: each mounted thing once, under a unique name. */
export class PodVolumes {
  readonly #names: Names;
  readonly #byThing = new Map<string, V1Volume>();
  readonly #taken = new Set<string>();

  constructor(names: Names) {
    this.#names = names;
  }

  /**
   * Returns the name in the pod for a thing to mount.
   * @param thing distinguishes it from all others
   * @param wanted its name in the pod if that is free and valid
   */
  name(thing: string, wanted: string, source: Omit<V1Volume, 'name'>): string {
    const known = this.#byThing.get(thing);
    if (known !== undefined) return known.name;
    const base = this.#names.podVolume(wanted);
    let name = base;
    for (let number = 2; this.#taken.has(name); number += 1) name = this.#names.podVolume(`${base}-${number}`);
    this.#taken.add(name);
    this.#byThing.set(thing, { name, ...source });
    return name;
  }

  list(): V1Volume[] {
    return [...this.#byThing.values()];
  }
}

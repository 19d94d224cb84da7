import { homedir } from 'node:os';
import { isAbsolute } from 'node:path';
import { clashingPlaces, placeOnKind } from './volume-places.js';
import type { ObjectsInput } from '../common/input.js';
import { clusterMetadata, metadata } from '../common/metadata.js';
import type { KubernetesObject } from '../common/object.js';
import { sizeQuantity } from './quantities.js';
import type { Scope } from '../common/scope.js';

/** The storage class of statically provisioned PersistentVolumes and of their claims. */
const manualClass = 'manual';
const defaultSize = '2Gi';

/** Returns the top-level volumes of a deployment's compose files, in the order of the files. */
export function volumesOf({ podFiles, jobs }: Pick<ObjectsInput, 'podFiles' | 'jobs'>): Set<string> {
  return new Set([...podFiles, ...jobs].flatMap(({ model }) => [...model.volumes.keys()]));
}

/**
 * Builds the claim of each top-level volume that is not a configmap, and a PersistentVolume if the spec gives it a
 * path. Volumes without a path, or not in the spec, are left to the cluster's default storage class.
 */
export function volumes(scope: Scope): KubernetesObject[] {
  const { input } = scope;
  const made = [...volumesOf(input)].filter((volume) => !input.spec.configmaps.has(volume));
  reportDriverOptions(scope);
  if (input.target === 'k8s-kind') {
    scope.findings.errors.push(...clashingPlaces(made, input.spec, input.directory, homedir()));
  }
  const pairs = made.map((volume) => claimAndVolume(scope, volume));
  return [...pairs.flatMap(({ volume }) => volume), ...pairs.map(({ claim }) => claim)];
}

function claimAndVolume(scope: Scope, volume: string): { volume: KubernetesObject[]; claim: KubernetesObject } {
  const { input, names, findings } = scope;
  const value = input.spec.volumes.get(volume);
  const labels = { 'volume-label': names.claim(volume) };
  const { storage, limit } = sizes(input, volume);
  const resources = { requests: { storage }, ...(limit === undefined ? {} : { limits: { storage: limit } }) };
  const common = { accessModes: ['ReadWriteOnce'], resources };
  const object = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: metadata(input, names.claim(volume), labels),
  };
  if (value === undefined) return { volume: [], claim: { ...object, spec: common } };
  const onKind = input.target === 'k8s-kind' ? placeOnKind(volume, input.spec, input.directory, homedir()) : undefined;
  const path = onKind?.nodePath ?? value;
  if (!isAbsolute(path)) {
    const message = `Relative path ${value} for volume ${volume} not supported for k8s: write an absolute path on the nodes, or nothing for the cluster's default storage class`;
    findings.errors.push(input.spec.yaml.problem(['volumes', volume], message));
  }
  const persistent: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: clusterMetadata(input, names.volume(volume), labels),
    spec: {
      storageClassName: manualClass,
      accessModes: ['ReadWriteOnce'],
      capacity: { storage },
      persistentVolumeReclaimPolicy: 'Retain',
      hostPath: { path },
    },
  };
  const claim = { ...object, spec: { storageClassName: manualClass, volumeName: names.volume(volume), ...common } };
  return { volume: [persistent], claim };
}

/**
 * The size of a volume in its exact spelling: its own, else that of all volumes, else 2Gi. The spec's values are
 * already checked.
 */
function sizes({ spec }: ObjectsInput, volume: string): { storage: string; limit: string | undefined } {
  const own = spec.resources.volumes.named.get(volume);
  const { reservations, limits } = own?.reservations || own?.limits ? own : spec.resources.volumes.all;
  const quantity = (text: string): string => sizeQuantity(text) ?? text;
  const limit = limits?.storage === undefined ? undefined : quantity(limits.storage);
  return {
    storage: reservations?.storage === undefined ? (limit ?? defaultSize) : quantity(reservations.storage),
    limit,
  };
}

/**
 * Warns of driver options in a compose file, which are for Docker; if the spec gives a path, laconic-so wrote the
 * options.
 */
function reportDriverOptions({ input, findings }: Scope): void {
  for (const { model } of [...input.podFiles, ...input.jobs]) {
    for (const [name, { external, driver, driver_opts: options }] of model.volumes) {
      if (input.spec.volumes.get(name) !== undefined || input.spec.configmaps.has(name)) continue;
      const driven = (driver !== undefined && driver !== 'local') || options.size > 0;
      if (!external && !driven) continue;
      const what = external
        ? 'an external Docker volume does not exist in the cluster'
        : 'its driver is a Docker driver';
      const message = `${what}: it becomes a new volume of the cluster's default storage class; if its data is elsewhere, give it a path in volumes of the spec`;
      findings.warnings.push(model.problem(['volumes', name], message));
    }
  }
}

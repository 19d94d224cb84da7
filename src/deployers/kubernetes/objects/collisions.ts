import type { Problem } from '../../../system/errors.js';
import { quote } from '../../../system/yaml/yaml.js';
import { describeObject, type KubernetesObject } from './common/object.js';
import type { Scope } from './common/scope.js';
import { volumesOf } from './storage/volumes.js';

/** A part of a deployment for which an object is created. */
interface Part {
  what: string;
  problem: (message: string) => Problem;
}

/** Reports parts of a deployment whose objects have the same name: the second would replace the first. */
export function reportCollisions(scope: Scope, objects: readonly KubernetesObject[]): void {
  const taken = new Set<string>();
  for (const object of objects) {
    const name = describeObject(object);
    if (taken.has(name)) {
      const parts = partsOf(scope, name);
      const who = parts.length > 1 ? parts.map(({ what }) => what).join(' and ') : 'two parts of the stack';
      const problem = parts.at(-1)?.problem ?? ((message) => scope.input.spec.yaml.problem(['stack'], message));
      scope.findings.errors.push(problem(`${who} would both be ${name} in the cluster: rename one of them`));
    }
    taken.add(name);
  }
}

/**
 * Returns the parts of a deployment for which an object of this name is created, the first one first.
 * @param object in the format of {@link describeObject}
 */
export function partsOf({ input, names }: Scope, object: string): Part[] {
  const parts: Part[] = [];
  const add = (kind: string, name: string | undefined, part: Part): void => {
    if (`${kind} ${name ?? ''}` === object) parts.push(part);
  };
  const ofSpec = (message: string): Problem => input.spec.yaml.problem(['stack'], message);
  for (const { name } of input.podFiles) {
    const part = { what: `the pod ${quote(name)}`, problem: ofSpec };
    add('Deployment', names.deployment(name), part);
    add('Service', names.ingressService(name), part);
  }
  for (const { name } of input.jobs) add('Job', names.job(name), { what: `the job ${quote(name)}`, problem: ofSpec });
  for (const { model } of [...input.podFiles, ...input.jobs]) {
    const part = (section: string, name: string): Part => ({
      what: `the ${section.slice(0, -1)} ${quote(name)}`,
      problem: (message) => model.problem([section, name], message),
    });
    for (const name of model.services.keys()) add('Service', names.headlessService(name), part('services', name));
    for (const name of model.secrets.keys()) add('Secret', names.composeSecret(name), part('secrets', name));
    for (const name of model.configs.keys()) add('ConfigMap', names.composeConfig(name), part('configs', name));
    for (const { name, volumes } of model.services.values()) {
      volumes.forEach(({ type, source }, index) => {
        if (type !== 'bind' || source === undefined) return;
        const problem = (message: string): Problem => model.problem(['services', name, 'volumes', index], message);
        add('ConfigMap', names.bindConfigmap(source), { what: `the path ${quote(source)}`, problem });
      });
    }
  }
  for (const name of input.spec.externalServices.keys()) {
    const problem = (message: string): Problem => input.spec.yaml.problem(['external-services', name], message);
    add('Service', name, { what: `the external service ${quote(name)}`, problem });
  }
  for (const name of volumesOf(input)) {
    const part = { what: `the volume ${quote(name)}`, problem: ofSpec };
    add('PersistentVolumeClaim', names.claim(name), part);
    add('PersistentVolume', names.volume(name), part);
    const problem = (message: string): Problem => input.spec.yaml.problem(['configmaps', name], message);
    add('ConfigMap', names.configmap(name), { ...part, problem });
  }
  return parts;
}

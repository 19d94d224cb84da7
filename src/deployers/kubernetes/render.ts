import { type Plain, writePlainYaml } from '../../system/plain-yaml.js';
import type { KubernetesObject } from './objects/object.js';

/**
 * The objects as YAML documents, in the order in which they are applied: exactly what start sends, so with the values
 * of the Secrets. `kubectl apply --server-side -f -` takes it.
 */
export function renderObjects(objects: readonly KubernetesObject[]): string {
  return objects.map((object) => `---\n${writePlainYaml(object as Plain)}`).join('');
}

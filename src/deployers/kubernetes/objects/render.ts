import { type Plain, writePlainYaml } from '../../../system/yaml/plain-yaml.js';
import type { KubernetesObject } from './common/object.js';

/**
 * Renders the objects as YAML documents, in the order in which they are applied: exactly what start sends, including
 * the values of the Secrets, for `kubectl apply --server-side -f -`.
 */
export function renderObjects(objects: readonly KubernetesObject[]): string {
  return objects.map((object) => `---\n${writePlainYaml(object as Plain)}`).join('');
}

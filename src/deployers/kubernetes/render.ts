import {
  type CreateNodeOptions,
  type DocumentOptions,
  type SchemaOptions,
  stringify,
  type ToStringOptions,
} from 'yaml';
import type { KubernetesObject } from './objects/object.js';

const style: DocumentOptions & SchemaOptions & CreateNodeOptions & ToStringOptions = {
  // What other readers of YAML take for something else (`yes`, `0o7`, `1_000`) is quoted too.
  version: '1.1',
  lineWidth: 0,
  aliasDuplicateObjects: false,
};

/**
 * The objects as YAML documents, in the order in which they are applied: exactly what start sends, so with the values of the Secrets.
 * `kubectl apply --server-side -f -` takes it.
 */
export function renderObjects(objects: readonly KubernetesObject[]): string {
  return objects.map((object) => `---\n${stringify(object, style)}`).join('');
}

import { sha256 } from '../../../system/files/files.js';
import type { KubernetesObject } from '../objects/common/object.js';

/** Records on an object the hash of what was applied: an equal one needs no write. */
export const hashAnnotation = 'laconic.com/applied-hash';

/** Returns the object with the hash of its content as an annotation: what is applied, and shown by `render`. */
export function stamped(object: KubernetesObject): KubernetesObject {
  const annotations = { ...object.metadata.annotations, [hashAnnotation]: hashOf(object) };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** Hash of the content, independent of the order of keys. */
function hashOf(object: KubernetesObject): string {
  return sha256(JSON.stringify(sorted(object))).slice(0, 32);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => each !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  );
}

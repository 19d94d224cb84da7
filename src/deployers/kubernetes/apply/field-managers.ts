import type { KubernetesObject } from '../objects/common/object.js';
import { listOf, mapOf } from '../../../system/plain-map.js';

/** Field manager of everything that start applies. */
export const fieldManager = 'laconic-so';
/** Field manager of `restartedAt`. */
export const restartFieldManager = 'laconic-so-restart';

/** An entry of `metadata.managedFields`: the fields set by one manager. */
interface ManagedFields {
  manager?: string;
  operation?: string;
  apiVersion?: string;
  time?: string;
  fieldsType?: string;
  fieldsV1?: Record<string, unknown>;
  subresource?: string;
}

/** Field managers of the Python program's Kubernetes client. */
const pythonClient = /^(OpenAPI-Generator|python-client)/;

function entriesOf(object: KubernetesObject): ManagedFields[] {
  return listOf(object.metadata.managedFields) as ManagedFields[];
}

function isPython({ manager, operation, subresource }: ManagedFields): boolean {
  return operation === 'Update' && pythonClient.test(manager ?? '') && subresource !== 'status';
}

/** Our plain creates and patches: the server treats them as a different owner than our applies. */
function isOurUpdate({ manager, operation, subresource }: ManagedFields): boolean {
  return operation === 'Update' && manager === fieldManager && subresource !== 'status';
}

function isAdopted(entry: ManagedFields): boolean {
  return isPython(entry) || isOurUpdate(entry);
}

/** Whether the object has fields that the Python program's client set and nobody took over. */
export function writtenByPython(object: KubernetesObject): boolean {
  return entriesOf(object).some(isPython);
}

/** Whether the object has fields that we set without an apply: an apply that changes them would conflict with them. */
export function createdByUs(object: KubernetesObject): boolean {
  return entriesOf(object).some(isOurUpdate);
}

/** Whether fields of this field manager are taken over. */
export function isAdoptedManager(name: string): boolean {
  return pythonClient.test(name) || name === fieldManager;
}

/** Returns the fields of the object that our applies set: a tree of maps. */
export function appliedFields(object: KubernetesObject): Record<string, unknown> {
  return mapOf(entriesOf(object).find(isOurApply)?.fieldsV1);
}

/** Whether we have applied fields of the object. */
export function appliedByUs(object: KubernetesObject): boolean {
  return entriesOf(object).some(isOurApply);
}

/**
 * Returns `managedFields` in which the Python program's fields, and those that we set without an apply, are ones we
 * applied: an apply then removes those no longer wanted, and nothing conflicts. Undefined if there are none.
 */
export function adoptedFields(object: KubernetesObject): ManagedFields[] | undefined {
  const entries = entriesOf(object);
  const adopted = entries.filter(isAdopted);
  const [first] = adopted;
  if (first === undefined) return undefined;
  const ours = entries.find(isOurApply);
  const fields = [ours, ...adopted].reduce(
    (sum, entry) => union(sum, entry?.fieldsV1 ?? {}),
    {} as Record<string, unknown>,
  );
  const taken: ManagedFields = { ...(ours ?? first), manager: fieldManager, operation: 'Apply', fieldsV1: fields };
  delete taken.subresource;
  return [taken, ...entries.filter((entry) => entry !== ours && !isAdopted(entry))];
}

/** A set of fields is a tree of maps. */
function union(a: Record<string, unknown>, b: Record<string, unknown>): Record<string, unknown> {
  const sum = { ...a };
  for (const [key, value] of Object.entries(b)) sum[key] = union(mapOf(sum[key]), mapOf(value));
  return sum;
}

/**
 * Returns who else set `spec.replicas`, and owns it from then on; undefined if we do. An autoscaler is listed in
 * `managedFields`; `kubectl scale` is not, but what we had applied is then no longer ours.
 */
export function foreignReplicas(object: KubernetesObject): string | undefined {
  const ours = entriesOf(object).filter(isOurApply);
  const setBy = ({ fieldsV1 }: ManagedFields): boolean => 'f:replicas' in mapOf(fieldsV1?.['f:spec']);
  const other = entriesOf(object).find((entry) => entry.manager !== fieldManager && !isPython(entry) && setBy(entry));
  if (other !== undefined) return other.manager ?? 'somebody';
  return ours.length > 0 && !ours.some(setBy) ? 'kubectl scale' : undefined;
}

function isOurApply({ manager, operation }: ManagedFields): boolean {
  return manager === fieldManager && operation === 'Apply';
}

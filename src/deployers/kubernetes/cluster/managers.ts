import type { KubernetesObject } from '../objects/object.js';
import { mapOf } from '../../../system/plain-map.js';

/** Who writes what start applies. */
export const fieldManager = 'laconic-so';
/** Who stamps `restartedAt`. */
export const restartFieldManager = 'laconic-so-restart';

/** An entry of `metadata.managedFields`: who set which fields. */
interface ManagedFields {
  manager?: string;
  operation?: string;
  apiVersion?: string;
  time?: string;
  fieldsType?: string;
  fieldsV1?: Record<string, unknown>;
  subresource?: string;
}

/** The names under which the Python program's Kubernetes client appears. */
const pythonClient = /^(OpenAPI-Generator|python-client)/;

function entriesOf(object: KubernetesObject): ManagedFields[] {
  const entries = object.metadata.managedFields;
  return Array.isArray(entries) ? (entries as ManagedFields[]) : [];
}

function isPython({ manager, operation, subresource }: ManagedFields): boolean {
  return operation === 'Update' && pythonClient.test(manager ?? '') && subresource !== 'status';
}

/** What we created by a plain request, or patched: to the server that is another owner than what we apply. */
function isOurUpdate({ manager, operation, subresource }: ManagedFields): boolean {
  return operation === 'Update' && manager === fieldManager && subresource !== 'status';
}

function isAdopted(entry: ManagedFields): boolean {
  return isPython(entry) || isOurUpdate(entry);
}

/** True while the object has fields that the Python program's client set and nobody took over. */
export function writtenByPython(object: KubernetesObject): boolean {
  return entriesOf(object).some(isPython);
}

/**
 * True while the object has fields that we set without applying them: an apply that changes them would conflict with
 * ourselves.
 */
export function createdByUs(object: KubernetesObject): boolean {
  return entriesOf(object).some(isOurUpdate);
}

/** True for the name of a field manager whose fields are taken over. */
export function isAdoptedManager(name: string): boolean {
  return pythonClient.test(name) || name === fieldManager;
}

/** True when an apply of ours has fields of the object. */
export function appliedByUs(object: KubernetesObject): boolean {
  return entriesOf(object).some(isOurApply);
}

/**
 * The `managedFields` that make the Python program's fields, and those that we set otherwise, ours as if we had applied
 * them: what we do not apply any more then goes, and nothing conflicts. Undefined when there are none.
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
 * Who else set `spec.replicas`: it is theirs from then on. Undefined when it is ours. An autoscaler is named in
 * `managedFields`; after `kubectl scale` nobody is, but what we had applied is not ours any more.
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

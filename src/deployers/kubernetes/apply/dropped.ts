import type { KubernetesObject } from '../objects/common/object.js';
import { listOf, mapOf } from '../../../system/plain-map.js';
import { appliedFields } from './field-managers.js';

/**
 * Returns the paths of fields that we applied earlier and that are no longer wanted: an apply removes them. The
 * counterpart of `differences`, which finds wanted fields that are missing or different. Pure.
 */
export function droppedFields(wanted: KubernetesObject, live: KubernetesObject): string[] {
  return dropped(appliedFields(live), wanted, '');
}

/** @param fields a tree of `managedFields`: `f:<name>` is a field of a map, `k:<JSON>` a list element by its keys */
function dropped(fields: Record<string, unknown>, wanted: unknown, path: string): string[] {
  return Object.entries(fields).flatMap(([key, below]: [string, unknown]) => {
    const [kind, name] = [key.slice(0, 2), key.slice(2)];
    if (kind === 'f:') return step(below, mapOf(wanted)[name], path === '' ? name : `${path}.${name}`);
    if (kind !== 'k:') return [];
    const keys = mapOf(JSON.parse(name) as unknown);
    const element = listOf(wanted).find((each) => hasKeys(mapOf(each), keys));
    return step(below, element, `${path}[${Object.values(keys).map(String).join('/')}]`);
  });
}

function step(below: unknown, wanted: unknown, path: string): string[] {
  return wanted === undefined || wanted === null ? [path] : dropped(mapOf(below), wanted, path);
}

/** The server sets a missing protocol to TCP. */
function hasKeys(element: Record<string, unknown>, keys: Record<string, unknown>): boolean {
  return Object.entries(keys).every(
    ([key, value]) => (element[key] ?? (key === 'protocol' ? 'TCP' : undefined)) === value,
  );
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../../../system/context.js';
import { describeObject, podSpecOf } from '../objects/common/object.js';
import type { ClusterApi, LiveObject } from './api.js';
import { ClusterError } from './errors.js';
import { requestEach } from './request-each.js';
import { typeOf } from './resources.js';
import { listOf, mapOf } from '../../../system/plain-map.js';

const shortestPause = 100;
const longestPause = 1_000;

/**
 * Waits until these objects (by uid) are gone.
 * @param seconds how long at most
 * @returns those that still exist then; empty if all are gone
 */
export async function awaitGone(
  api: ClusterApi,
  objects: readonly LiveObject[],
  seconds: number,
  context: Context,
): Promise<LiveObject[]> {
  const until = Date.now() + seconds * 1_000;
  let left = [...objects];
  const shown = objects.map(describeObject).join(', ');
  for (let pause = shortestPause; ; pause = Math.min(pause * 1.5, longestPause)) {
    const now = await requestEach(left, (object) =>
      api.get(typeOf(object), object.metadata.name, object.metadata.namespace),
    );
    left = now
      .filter((object, index) => object?.metadata.uid === left[index]?.metadata.uid)
      .filter((object) => object !== undefined);
    if (left.length === 0 || Date.now() > until) break;
    context.report.progress(shown, ['waiting for deletion', ...heldByOthers(left)].join('; '));
    await sleep(pause, undefined, { signal: context.signal }).catch(() => undefined);
  }
  context.report.endProgress();
  return left;
}

/** Describes why an object still exists: `Deployment x (waits for the finalizer a, b)`. */
export function describeLeft(object: LiveObject): string {
  const deleted = object.metadata.deletionTimestamp !== undefined;
  const why = holdersOf(object) || (deleted ? '' : 'not being deleted');
  return `${describeObject(object)}${why === '' ? '' : ` (${why})`}`;
}

/**
 * Finalizers that delay the deletion, shown as progress. Kubernetes' own are left out, since they mostly take only a
 * moment.
 */
export function heldByOthers(objects: readonly LiveObject[]): string[] {
  return objects.flatMap((object) => {
    const why = holdersOf(object);
    if (why === '' || (object.kind !== 'Namespace' && why.includes('kubernetes.io/'))) return [];
    return [`${describeObject(object)} (${why})`];
  });
}

/** What keeps an object from being deleted; empty if unknown. */
function holdersOf(object: LiveObject): string {
  if (object.kind === 'Namespace') return remainingIn(object).join('; ');
  const { finalizers, deletionTimestamp } = object.metadata;
  // Foreground deletion is a finalizer as well, which waits for the pods.
  const named = listOf(finalizers)
    .map(String)
    .filter((one) => one !== 'foregroundDeletion');
  return named.length > 0 && deletionTimestamp !== undefined ? `waits for the finalizer ${named.join(', ')}` : '';
}

/** What keeps a namespace from being deleted, in the server's words. */
function remainingIn(namespace: LiveObject): string[] {
  const { conditions } = mapOf(namespace.status);
  return listOf(conditions)
    .map(mapOf)
    .filter(({ type, status }) => status === 'True' && type !== 'NamespaceDeletionContentRemaining')
    .map(({ message }) => String(message));
}

/** The grace period of a pod, or of a workload's pods, in seconds; 0 for other objects. */
export function graceOf(object: LiveObject): number {
  const pod = podSpecOf(object);
  if (!Array.isArray(pod.containers)) return 0;
  const seconds = pod.terminationGracePeriodSeconds;
  return typeof seconds === 'number' ? seconds : 30;
}

/** Time for nodes, controllers and finalizers, in addition to the pods' grace period. */
export const deletionSeconds = 120;

/**
 * Waits until all are gone.
 * @param atMost limit in seconds, set by the operator; absent: what their deletion may take
 * @throws ClusterError naming what is left
 */
export async function requireGone(
  api: ClusterApi,
  objects: readonly LiveObject[],
  context: Context,
  atMost = Number.POSITIVE_INFINITY,
): Promise<void> {
  const seconds = Math.min(deletionSeconds + Math.max(0, ...objects.map(graceOf)), atMost);
  const left = await awaitGone(api, objects, seconds, context);
  if (left.length === 0) return;
  throw new ClusterError(`after ${seconds} s these still exist: ${left.map(describeLeft).join(', ')}`, {
    hint: 'check what blocks their deletion (kubectl describe), then run the command again',
  });
}

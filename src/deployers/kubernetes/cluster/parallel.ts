import { inParallel as inParallelAtMost } from '../../../system/parallel.js';

/** Requests that are under way at once: an API server gives one account only so many. */
const width = 8;

/**
 * The results in the order of the items. After a failure nothing new is begun; what is under way is awaited, then the
 * first failure is thrown.
 */
export async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  return inParallelAtMost(items, width, work);
}

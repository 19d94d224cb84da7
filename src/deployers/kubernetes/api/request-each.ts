import { inParallel } from '../../../system/process/parallel.js';

/** Concurrent requests: an API server limits them per account. */
const width = 8;

/**
 * Returns the results in the order of the items. After a failure nothing new is started; running work is awaited, then
 * the first failure is thrown.
 */
export async function requestEach<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  return inParallel(items, width, work);
}

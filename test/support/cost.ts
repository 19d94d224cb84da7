/** Processor time of the work in milliseconds, which waiting for other processes does not add to. */
function cost(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/**
 * How the processor time of a work grows with its size: 1 if it is linear, 5 if it is quadratic. Work of five times the
 * size is compared with five times the work, so that both last equally long: a busy machine slows down both, and they
 * collect as much garbage.
 * @param workOf returns the work for a size
 */
export function growth(size: number, workOf: (size: number) => () => unknown): number {
  const small = workOf(size);
  const large = workOf(5 * size);
  const costs = [1, 2, 3].map(() => ({
    small: cost(() => [1, 2, 3, 4, 5].map(small)),
    large: cost(large),
  }));
  return Math.min(...costs.map((one) => one.large)) / Math.min(...costs.map((one) => one.small));
}

/** The duration of the work in milliseconds. */
export async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

/** The least processor time of five runs in milliseconds, which other processes do not affect. */
export function cost(run: () => unknown): number {
  const costs = [1, 2, 3, 4, 5].map(() => {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  return Math.min(...costs);
}

/**
 * The limit for the factor between the costs of five times as much: above linear growth, and far below quadratic
 * growth.
 */
export const inProportion = 11;

/** The duration of the work in milliseconds. */
export async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

/** The least processor time of five runs, in milliseconds: what other processes do to the machine does not count. */
export function cost(run: () => unknown): number {
  const costs = [1, 2, 3, 4, 5].map(() => {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  return Math.min(...costs);
}

/** How many times the cost five times as much may have: more than in proportion, by far less than with its square. */
export const inProportion = 11;

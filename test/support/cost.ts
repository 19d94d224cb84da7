/**
 * The least processor time of several runs, in milliseconds: what other processes do to the machine does not count, nor that the code is
 * not compiled yet, which costs a slow machine more than the work itself.
 * @param enough no more runs are made once one has cost less than this
 */
export function leastCost(run: () => unknown, enough: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 10 && least >= enough; attempt += 1) {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

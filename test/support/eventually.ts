/**
 * Repeats a query until its answer is neither undefined nor false, and resolves to that answer. It pauses for as long
 * as the query takes, so that a slow one does not keep the machine busy.
 * @throws Error after a minute, with what was missing
 */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T> | T,
): Promise<Exclude<T, undefined | false | void>> {
  const until = Date.now() + 60_000;
  for (;;) {
    const begin = performance.now();
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false | void>;
    if (Date.now() > until) throw new Error(`not within a minute: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, Math.max(20, performance.now() - begin)));
  }
}

/** Lines of a log shown per container. */
export const logLines = 10;

/** How many are explained in full; of the others only the first line is shown, or the reason would scroll away. */
const inFull = 5;

/**
 * Explains why parts of a start are not ready.
 * @param describe the first line for one, with its state, and what asks for the details, a line each
 * @returns the lines of all
 */
export async function explainEach<T>(
  all: readonly T[],
  describe: (one: T) => { head: string; details: () => Promise<string[]> },
): Promise<string> {
  const parts = await Promise.all(
    all.map(async (one, at) => {
      const { head, details } = describe(one);
      return at < inFull ? [head, ...(await details())].join('\n') : head;
    }),
  );
  return parts.join('\n');
}

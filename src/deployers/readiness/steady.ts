import { parseSeconds } from '../../system/seconds.js';

/** The environment variable equivalent to `--steady`. */
const variable = 'LACONIC_SO_STEADY';

/**
 * How long a container without a healthcheck must run without a restart before it counts as ready, in milliseconds:
 * many servers crash within a second.
 */
export const steadyMs = 2_000;

/**
 * Returns this time in milliseconds: from `--steady`, else from `LACONIC_SO_STEADY`, else {@link steadyMs}.
 * @param seconds `--steady`
 * @throws UsageError if the variable is not a number
 */
export function steadyTime(seconds: number | undefined, env: NodeJS.ProcessEnv): number {
  const text = env[variable];
  if (seconds !== undefined) return seconds * 1000;
  return text ? parseSeconds(text, variable) * 1000 : steadyMs;
}

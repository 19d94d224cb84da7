import { UsageError } from '../system/errors.js';

/** The variable of the environment that says what `--steady` says. */
const variable = 'LACONIC_SO_STEADY';

/**
 * How long what has no healthcheck must run without a restart before it counts as ready: many servers crash within a
 * second.
 */
export const steadyMs = 2_000;

/**
 * That time in milliseconds: the seconds of `--steady`, else those of `LACONIC_SO_STEADY`, else {@link steadyMs}.
 * @throws UsageError for a variable that is no number
 */
export function steadyTime(seconds: number | undefined, env: NodeJS.ProcessEnv): number {
  const text = env[variable];
  if (seconds !== undefined) return seconds * 1000;
  if (!text) return steadyMs;
  if (!/^\d+(\.\d+)?$/.test(text)) throw new UsageError(`${variable}: ${text} is not a number of seconds`);
  return Number(text) * 1000;
}

/** The result for a container. */
export interface BuildResult {
  container: string;
  /** The image it should create: `org/name:local`. */
  image: string;
  /** `skipped`: an earlier build failed, or this was a dry run. */
  outcome: 'built' | 'failed' | 'skipped';
  seconds: number;
  /** `name:tag@digest` in the registry. */
  published?: string;
  /** Why it failed or was not started, in a few words. */
  reason?: string;
  /** Path of the log; only for a failed build. */
  log?: string;
}

/** Summarises a run, one line per container; empty for a single successful build, which was reported already. */
export function summaryLines(results: readonly BuildResult[], seconds: number): string[] {
  const built = results.filter(({ outcome }) => outcome === 'built');
  const published = results.filter((result) => result.published !== undefined);
  if (results.length < 2 && built.length === results.length && published.length === 0) return [];
  const width = Math.max(...results.map(({ container }) => container.length));
  const pushed = published.length === 0 ? '' : `, ${published.length} published`;
  return [
    `${built.length} of ${results.length} images built${pushed}, in ${seconds.toFixed(1)} s:`,
    ...results.map((result) => `  ${result.container.padEnd(width)}  ${textOf(result)}`),
  ];
}

function textOf({ outcome, seconds, published, reason, log }: BuildResult): string {
  const time = `${seconds.toFixed(1)} s`;
  if (outcome === 'built') return `built in ${time}${published === undefined ? '' : `, published as ${published}`}`;
  const why = reason === undefined ? '' : `: ${reason}`;
  if (outcome === 'skipped') return `not built${why}`;
  return `failed after ${time}${why}${log === undefined ? '' : ` (${log})`}`;
}

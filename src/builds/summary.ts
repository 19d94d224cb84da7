/** What became of one container. */
export interface BuildResult {
  container: string;
  /** The image it was to produce: `org/name:local`. */
  image: string;
  /** `skipped`: something before it failed, or this was a dry run. */
  outcome: 'built' | 'failed' | 'skipped';
  seconds: number;
  /** `name:tag@digest` in the registry. */
  published?: string;
  /** Why it failed, in a few words, or was not begun. */
  reason?: string;
  /** Where to read what the build said; for a failed one. */
  log?: string;
}

/** What a run made, a line for each container; nothing for a single one that went well, of which all is said. */
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

import type { SyncOutcome } from '../repositories/sync/result.js';

/** Returns what `setup-repositories` and `fetch-stack` print with `--format json`. */
export function repositoriesDocument({ base, results }: SyncOutcome): object {
  const repositories = results.map(({ wanted, outcome }) => {
    const head = 'head' in outcome ? outcome.head : undefined;
    return {
      repository: wanted.spec.entry,
      directory: wanted.directory,
      url: wanted.url,
      wanted: wanted.ref ?? null,
      state: outcome.state,
      branch: head?.branch ?? null,
      tags: head?.tags ?? [],
      commit: head?.commit ?? null,
      ...(outcome.state === 'planned' ? { plan: outcome.text } : {}),
      ...(outcome.state === 'failed' ? { error: outcome.error.message, hint: outcome.error.hint ?? null } : {}),
    };
  });
  return { baseDirectory: base, repositories };
}

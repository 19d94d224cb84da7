import { spawnSync } from 'node:child_process';
import { describe, it } from 'vitest';

/**
 * What a suite cannot do without, in the words of its messages: `has an engine`, `this suite needs a Docker engine`.
 */
export interface Necessity {
  has: string;
  needs: string;
}

/**
 * A suite that needs something real. Where that is not to be had, for the `reason` given, it is skipped and its name
 * says why; with `CI=true` it fails instead.
 */
export function describeUnless(
  reason: string | undefined,
  { has, needs }: Necessity,
  name: string,
  suite: () => void,
): void {
  if (reason === undefined) {
    describe(name, suite);
  } else if (process.env.CI === 'true') {
    describe(name, () => {
      it(has, () => {
        throw new Error(`this suite needs ${needs}: ${reason}`);
      });
    });
  } else {
    describe.skip(`${name} [skipped: ${reason}]`, suite);
  }
}

/** Where a program of the tests is, or why there is none. */
export type FoundProgram = { path: string; reason?: undefined } | { path?: undefined; reason: string };

/**
 * Looks once for the program that a script of `scripts/` finds, unless this variable says why there is none
 * (scripts/test.mjs).
 */
export function programFinder(script: string, reasonVariable: string): () => FoundProgram {
  let found: FoundProgram | undefined;
  return () => {
    found ??= find();
    return found;
  };
  function find(): FoundProgram {
    const told = process.env[reasonVariable] ?? '';
    if (told !== '') return { reason: told };
    const asked = spawnSync('bash', [script, '--check'], { encoding: 'utf8' });
    return asked.status === 0 ? { path: asked.stdout.trim() } : { reason: asked.stderr.trim() };
  }
}

import { spawnSync } from 'node:child_process';
import { describe, it } from 'vitest';

/** What a suite requires, in the words of its messages: `has an engine`, `this suite needs a Docker engine`. */
export interface Necessity {
  has: string;
  needs: string;
}

/**
 * A suite that needs something real. When it is not available, for the given `reason`, the suite is skipped with that
 * reason in its name; with `CI=true` it fails instead.
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

/** `npm run chaos` repeats what happens at random moments far more often than CI has time for. */
export const walk = process.env.LACONIC_CHAOS !== undefined;

/** `LACONIC_TEST_LONG=true` tries more inputs, and tells stories whole that other suites tell in parts. */
export const long = process.env.LACONIC_TEST_LONG !== undefined;

/** The path of a program of the tests, or the reason why there is none. */
export type FoundProgram = { path: string; reason?: undefined } | { path?: undefined; reason: string };

/**
 * Runs a script of `scripts/` once to find its program, unless this variable gives a reason why there is none
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

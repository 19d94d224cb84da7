import { spawnSync } from 'node:child_process';
import { describeUnless } from './suites.js';

/** The reason why no engine can be used, set by scripts/test.mjs. */
const reasonVariable = 'LACONIC_TEST_NO_ENGINE';

export function reasonForNoEngine(): string | undefined {
  const told = process.env[reasonVariable];
  if (told !== undefined && told !== '') return told;
  const asked = spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], { encoding: 'utf8' });
  if (asked.error) return `docker cannot be run: ${asked.error.message}`;
  return asked.status === 0 ? undefined : asked.stderr.trim().split('\n').at(-1);
}

/**
 * A suite that needs the real Docker engine. Without one it is skipped with the reason in its name; with `CI=true` it
 * fails instead, because a CI run that tests nothing must not pass.
 */
export function describeWithEngine(name: string, suite: () => void): void {
  describeUnless(reasonForNoEngine(), { has: 'has an engine', needs: 'a Docker engine' }, name, suite);
}

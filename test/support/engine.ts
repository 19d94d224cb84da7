import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { run } from '../../src/system/process/process.js';
import { describeUnless } from './suites.js';

/** Set by scripts/test.mjs: why no engine can be used. */
const reasonVariable = 'LACONIC_TEST_NO_ENGINE';

export function reasonForNoEngine(): string | undefined {
  const told = process.env[reasonVariable];
  if (told !== undefined && told !== '') return told;
  const asked = spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], { encoding: 'utf8' });
  if (asked.error) return `docker cannot be run: ${asked.error.message}`;
  return asked.status === 0 ? undefined : asked.stderr.trim().split('\n').at(-1);
}

/**
 * A suite that needs the real Docker engine. Without one it is skipped and its name says why; with `CI=true`
 * it fails instead, since a CI that tests nothing must not look green.
 */
export function describeWithEngine(name: string, suite: () => void): void {
  describeUnless(reasonForNoEngine(), { has: 'has an engine', needs: 'a Docker engine' }, name, suite);
}

/** Absolute path of the built program: `dist/cli.js`, or another build that `LACONIC_TEST_CLI` names. */
export const cliPath = process.env.LACONIC_TEST_CLI ?? join(import.meta.dirname, '..', '..', 'dist', 'cli.js');

/** What a call of the program left behind. */
export interface CliResult {
  code: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs the built program (`npm run build` first) with these arguments, as a user's shell would, and resolves whatever
 * its exit code is.
 * @param options `env` is added to the environment of the tests; `input` is its stdin, which is closed without it
 */
export async function runCli(
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; input?: string } = {},
): Promise<CliResult> {
  const { code, stdout, stderr } = await run(process.execPath, ['--', cliPath, ...args], {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.input === undefined ? {} : { input: options.input }),
    env: { ...process.env, ...options.env },
  });
  return { code, stdout, stderr };
}

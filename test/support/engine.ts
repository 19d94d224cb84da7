import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { run } from '../../src/system/process/process.js';
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

/** Absolute path of the built program: `dist/cli.js`, or the build that `LACONIC_TEST_CLI` names. */
export const cliPath = process.env.LACONIC_TEST_CLI ?? join(import.meta.dirname, '..', '..', 'dist', 'cli.js');

/** The result of a call of the program. */
export interface CliResult {
  code: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs the built program (`npm run build` first) with these arguments as a user's shell would, and resolves whatever
 * the exit code.
 * @param options `env` is added to the environment of the tests; `input` is its stdin, which is closed otherwise
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

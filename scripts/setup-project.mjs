// What `npm run demo` and `npm test` do before their own work. Only what Node brings along: on a fresh clone there is
// nothing else yet.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Absolute path of the clone. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** A failure that is explained already: shown without a stack trace. */
export class Failure extends Error {}

/** Runs `main`; a {@link Failure} becomes one message on stderr and exit code 1. */
export async function runMain(main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(`\nError: ${error.message}`);
    process.exitCode = 1;
  }
}

/** Runs a program on this terminal; throws a {@link Failure} that starts with `what` when it fails. */
export function runStep(what, program, args, options = {}) {
  const result = spawnSync(program, args, { cwd: root, stdio: 'inherit', ...options });
  if (result.error) throw new Failure(`${what}: ${program} cannot be run: ${result.error.message}`);
  if (result.status !== 0) {
    throw new Failure(`${what}: \`${[program, ...args].join(' ')}\` ended with ${result.signal ?? result.status}`);
  }
}

/** Refuses a Node that cannot build the program: the bundler needs a newer one than the program itself. */
export function checkNode() {
  const { devEngines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const wanted = /(\d+)\.(\d+)/.exec(devEngines.runtime.version);
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [wantedMajor, wantedMinor] = [Number(wanted[1]), Number(wanted[2])];
  if (major < wantedMajor || (major === wantedMajor && minor < wantedMinor)) {
    throw new Failure(`Node ${wantedMajor}.${wantedMinor} or newer is needed, and this is ${process.versions.node}`);
  }
}

function packagesIn(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : undefined;
}

/** True when node_modules holds what package-lock.json says; packages for other machines may be absent. */
function dependenciesInstalled() {
  const wanted = packagesIn(join(root, 'package-lock.json'));
  const there = packagesIn(join(root, 'node_modules', '.package-lock.json'));
  if (wanted === undefined || there === undefined) return false;
  return Object.entries(wanted).every(
    ([path, entry]) => path === '' || there[path]?.version === entry.version || (entry.optional && !there[path]),
  );
}

/**
 * Installs the npm dependencies unless they are there: the versions of package-lock.json, which stays as it is. Not
 * `npm ci`: that refuses a lock which was written where not every platform's packages were to be had.
 */
export function installDependencies() {
  if (dependenciesInstalled()) return;
  console.log('Installing npm dependencies …');
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel', 'error'];
  runStep('the npm dependencies cannot be installed', 'npm', args);
}

/** Builds `dist/` from the sources. */
export function build() {
  runStep('the program cannot be built', 'npm', ['run', '--silent', 'build']);
}

const engineScript = join(root, 'scripts', 'engine.sh');

/** What is missing to run containers: one line each; empty when the engine answers. */
export function engineMissing() {
  const result = spawnSync('bash', [engineScript, '--check'], { encoding: 'utf8' });
  if (result.error) throw new Failure(`bash cannot be run: ${result.error.message}`);
  if (result.status === 0) return [];
  const lines = `${result.stdout}${result.stderr}`.split('\n').filter((line) => line.trim() !== '');
  return lines.length > 0 ? lines : ['scripts/engine.sh --check failed without output'];
}

/**
 * Installs and starts what is missing. Output goes to this terminal.
 * @returns the lines of what is still missing
 */
export function installEngine() {
  const result = spawnSync('bash', [engineScript], { stdio: 'inherit' });
  const missing = engineMissing();
  return result.status === 0 || missing.length === 0 ? missing : ['scripts/engine.sh failed: see above', ...missing];
}

/**
 * A user who just became a member of the group docker is one only from the next login: runs this very script again as a
 * member.
 * @returns its exit code, or undefined when that is no way out
 */
export function rerunInDockerGroup() {
  if (process.env.LACONIC_IN_DOCKER_GROUP) return undefined;
  const asMember = (command, options) => spawnSync('sg', ['docker', '-c', command], options);
  if (asMember('docker version', { stdio: 'ignore' }).status !== 0) return undefined;
  const quote = (word) => `'${word.replaceAll("'", "'\\''")}'`;
  const result = asMember(`exec ${[process.execPath, ...process.argv.slice(1)].map(quote).join(' ')}`, {
    stdio: 'inherit',
    env: { ...process.env, LACONIC_IN_DOCKER_GROUP: '1' },
  });
  return result.status ?? 1;
}

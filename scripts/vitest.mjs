// Runs vitest and counts: for `npm test` and `npm run test:kubernetes`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { engineMissing, Failure, installEngine, root } from './setup-project.mjs';

/** Brings up the engine if that is possible here; returns why there is none. */
export function engineReason(mayInstall) {
  let missing = engineMissing();
  const isRoot = process.getuid?.() === 0;
  if (missing.length > 0 && mayInstall && isRoot) missing = installEngine();
  else if (missing.length > 0) missing.push(isRoot ? 'not installed: --no-install' : 'not installed: this is not root');
  return missing.join('; ');
}

/** Finds a registry for the tests, or gets one (scripts/registry.sh); returns why there is none. */
export function registryReason(mayInstall) {
  return scriptReason('registry.sh', mayInstall);
}

/** Finds an ssh server for the tests, or installs one (scripts/sshd.sh); returns why there is none. */
export function sshdReason(mayInstall) {
  return scriptReason('sshd.sh', mayInstall);
}

/** Finds strace, or installs it (scripts/strace.sh); returns why it cannot be used. */
export function straceReason(mayInstall) {
  return scriptReason('strace.sh', mayInstall);
}

/** Runs a script that finds or gets a program; returns what it says when there is none. */
function scriptReason(name, mayInstall) {
  const args = [join(root, 'scripts', name), ...(mayInstall ? [] : ['--check'])];
  const { status, stderr } = spawnSync('bash', args, { encoding: 'utf8' });
  if (status === 0) return '';
  return stderr.trim().replaceAll('\n', '; ') || `scripts/${name} failed without output`;
}

/**
 * Counts of vitest's JSON report, and what failed, a line each. A file that could not be loaded counts as a failure.
 */
function count(reportFile) {
  const report = JSON.parse(readFileSync(reportFile, 'utf8'));
  const broken = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  const failures = report.testResults.flatMap((file) => {
    const name = relative(root, file.name);
    if (broken.includes(file)) return [`${name}: ${firstLine(file.message)}`];
    const failed = file.assertionResults.filter((test) => test.status === 'failed');
    return failed.map((test) => `${name}: ${test.fullName}: ${firstLine(test.failureMessages[0])}`);
  });
  return {
    failures,
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

function firstLine(text = '') {
  return text.split('\n', 1)[0].slice(0, 2000);
}

/**
 * Runs the tests of these projects of vitest.config.ts with more arguments of vitest; `env` is added to the
 * environment.
 */
export function runVitest(projects, args, env) {
  const folder = mkdtempSync(join(tmpdir(), 'laconic-test-report-'));
  const reportFile = join(folder, 'report.json');
  try {
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`];
    const chosen = projects.map((project) => `--project=${project}`);
    const { status } = spawnSync(process.execPath, [vitest, 'run', ...chosen, ...reporters, ...args], {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, ...env },
    });
    let counts;
    try {
      counts = count(reportFile);
    } catch (error) {
      throw new Failure(`vitest left no report: ${error.message}`);
    }
    // vitest also fails for reasons that are no test's: an error outside of all tests, or nothing to run.
    if (status !== 0 && counts.failed === 0) {
      counts.failed = 1;
      counts.failures.push(`vitest ended with ${status}: see its errors above`);
    }
    return counts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What failed, a line `failed: …` each; the last line, `N passed, N failed` (and `, N skipped`); and the exit code. */
export function conclude({ passed, failed, skipped, failures }) {
  for (const failure of failures) console.log(`failed: ${failure}`);
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  if (failed > 0) process.exitCode = 1;
}

// npm test [-- vitest arguments]
//
// Everything the tests need, then the tests. The last line is `N passed, N failed` (and `, N skipped`).
// --no-install: never install an engine, not even where that is possible.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  build,
  checkNode,
  engineMissing,
  Failure,
  installDependencies,
  installEngine,
  root,
  runMain,
  runStep,
} from './setup-project.mjs';

/** Brings up the engine if that is possible here; returns why there is none. */
function engineReason(mayInstall) {
  let missing = engineMissing();
  const isRoot = process.getuid?.() === 0;
  if (missing.length > 0 && mayInstall && isRoot) missing = installEngine();
  else if (missing.length > 0) missing.push(isRoot ? 'not installed: --no-install' : 'not installed: this is not root');
  return missing.join('; ');
}

/** Counts of vitest's JSON report. A file that could not be loaded counts as a failure. */
function count(reportFile) {
  const report = JSON.parse(readFileSync(reportFile, 'utf8'));
  const broken = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

function runVitest(args, reason) {
  const folder = mkdtempSync(join(tmpdir(), 'laconic-test-report-'));
  const reportFile = join(folder, 'report.json');
  try {
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`];
    const { status } = spawnSync(process.execPath, [vitest, 'run', ...reporters, ...args], {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, LACONIC_TEST_NO_ENGINE: reason },
    });
    let counts;
    try {
      counts = count(reportFile);
    } catch (error) {
      throw new Failure(`vitest left no report: ${error.message}`);
    }
    // vitest also fails for reasons that are no test's: an error outside of all tests, or nothing to run.
    if (status !== 0 && counts.failed === 0) counts.failed = 1;
    return counts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main() {
  const args = process.argv.slice(2);
  const mayInstall = !args.includes('--no-install');
  checkNode();
  installDependencies();
  build();

  const reason = engineReason(mayInstall);
  if (reason === '') {
    runStep('the images of the tests cannot be made', 'bash', [join(root, 'test', 'images', 'build.sh')]);
  } else if (process.env.CI === 'true') {
    throw new Failure(`CI=true, and there is no engine to test with: ${reason}`);
  } else {
    console.log(`No engine, suites that need one are skipped: ${reason}`);
  }

  const { passed, failed, skipped } = runVitest(
    args.filter((arg) => arg !== '--no-install'),
    reason,
  );
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  if (failed > 0) process.exitCode = 1;
}

await runMain(main);

// npm test [-- vitest arguments]
//
// Everything the tests need, then the tests. The last line is `N passed, N failed` (and `, N skipped`).
// --no-install: never install an engine, not even where that is possible.
import { join } from 'node:path';
import { build, checkNode, Failure, installDependencies, root, runMain, runStep } from './setup-project.mjs';
import { conclude, engineReason, runVitest } from './vitest.mjs';

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
  const rest = args.filter((arg) => arg !== '--no-install');
  conclude(runVitest(['unit', 'engine'], rest, { LACONIC_TEST_NO_ENGINE: reason }));
}

await runMain(main);

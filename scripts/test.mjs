// npm test [-- vitest arguments]
//
// Everything the tests need, then the tests. The last line is `N passed, N failed` (and `, N skipped`).
// --no-install: never install an engine, a registry or an ssh server, not even where that is possible.
import { join } from 'node:path';
import { build, checkNode, Failure, installDependencies, root, runMain, runStep } from './setup-project.mjs';
import { conclude, engineReason, registryReason, runVitest, sshdReason, straceReason } from './vitest.mjs';

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
  const noRegistry = registryReason(mayInstall);
  if (noRegistry !== '' && process.env.CI === 'true') {
    throw new Failure(`CI=true, and there is no image registry to test with: ${noRegistry}`);
  }
  if (noRegistry !== '') console.log(`No image registry, suites that need one are skipped: ${noRegistry}`);
  const noSshd = sshdReason(mayInstall);
  if (noSshd !== '' && process.env.CI === 'true')
    throw new Failure(`CI=true, and there is no sshd to test with: ${noSshd}`);
  if (noSshd !== '') console.log(`No sshd, suites that need one are skipped: ${noSshd}`);
  const noStrace = straceReason(mayInstall);
  if (noStrace !== '') console.log(`No single system calls are disturbed: ${noStrace}`);
  const rest = args.filter((arg) => arg !== '--no-install');
  const env = { LACONIC_TEST_NO_ENGINE: reason, LACONIC_TEST_NO_REGISTRY: noRegistry, LACONIC_TEST_NO_SSHD: noSshd };
  conclude(runVitest(['unit', 'engine'], rest, env));
}

await runMain(main);

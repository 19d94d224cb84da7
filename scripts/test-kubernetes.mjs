// npm run test:kubernetes [-- vitest arguments]
//
// The tests on a real kind cluster, and everything they need first: engine, images, the shared cluster
// (test/cluster/up.sh). The last line is `N passed, N failed` (and `, N skipped`). --no-install: never install an
// engine.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { build, checkNode, Failure, installDependencies, root, runMain, runStep } from './setup-project.mjs';
import { conclude, engineReason, runVitest } from './vitest.mjs';

/**
 * Why there is no cluster to test with; empty when there is one. What is made here takes a quarter of an hour the first
 * time.
 */
function clusterReason(mayInstall) {
  const engine = engineReason(mayInstall);
  if (engine !== '') return engine;
  runStep('the images of the tests cannot be made', 'bash', [join(root, 'test', 'images', 'build.sh')]);
  const { status } = spawnSync('bash', [join(root, 'test', 'cluster', 'up.sh')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return status === 0 ? '' : 'test/cluster/up.sh failed: see above';
}

async function main() {
  const args = process.argv.slice(2);
  checkNode();
  installDependencies();
  build();

  const reason = clusterReason(!args.includes('--no-install'));
  if (reason !== '' && process.env.CI === 'true') {
    throw new Failure(`CI=true, and there is no cluster to test with: ${reason}`);
  }
  if (reason !== '') console.log(`No cluster, the tests are skipped: ${reason}`);
  const rest = args.filter((arg) => arg !== '--no-install');
  conclude(runVitest(['kubernetes'], rest, { LACONIC_TEST_NO_CLUSTER: reason }));
}

await runMain(main);

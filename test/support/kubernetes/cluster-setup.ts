import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const script = join(import.meta.dirname, '..', '..', 'cluster', 'up.sh');

/**
 * Global setup of the project `kubernetes`: creates the shared cluster unless it exists, and puts its addresses into
 * the environment of the tests (see cluster.ts beside this file). Removes clusters that killed test runs left behind.
 */
export default function setup(): void {
  if (process.env.LACONIC_TEST_NO_CLUSTER) return;
  const done = spawnSync('bash', [script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (done.status !== 0) {
    process.env.LACONIC_TEST_NO_CLUSTER = 'test/cluster/up.sh failed: see above';
    return;
  }
  // The lines are `export NAME=VALUE` statements, so a shell evaluates them.
  const read = spawnSync('bash', ['-c', `${done.stdout}\nexec env --null`], { encoding: 'utf8' });
  for (const line of read.stdout.split('\0')) {
    const at = line.indexOf('=');
    if (/^(?:KUBECONFIG|PATH|LACONIC_\w+)$/.test(line.slice(0, at)))
      process.env[line.slice(0, at)] = line.slice(at + 1);
  }
}

import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { packageDirectory } from '../../src/system/package.js';
import { run } from '../../src/system/process.js';
import type { Sandbox } from './sandbox.js';

const stack = 'mine/stack-orchestrator/stacks/test-database';

/**
 * The bundled stack test-database in a repository of the sandbox's own, as `restart` pulls it, its images built.
 * @returns its path
 */
export async function ownDatabaseStack(sandbox: Sandbox): Promise<string> {
  const bundled = (path: string): string => join(packageDirectory(), path);
  await cp(bundled('stacks/test-database'), sandbox.path(stack), { recursive: true });
  const compose = 'compose/docker-compose-test-database.yml';
  await cp(bundled(compose), sandbox.path('mine/stack-orchestrator', compose));
  await sandbox.publish('mine');
  const images = ['cerc/test-database-container:local', 'cerc/test-database-client:local'];
  if ((await run('docker', ['image', 'inspect', ...images])).code !== 0) {
    await sandbox.succeed(['--stack', 'test-database', 'build-containers']);
  }
  return sandbox.path(stack);
}

/** What the client says when it found its data, or made it. */
const found = 'Database test client: test data already exists';
const made = 'Database test client: test data does not exist';
const complete = 'Database test client: test complete';

/**
 * A deployment of that stack from its first start to its end: whatever happens to its containers, what is in the database stays (03, 01 §18).
 * @param directory with a path for `db-data` in its spec
 */
export async function tellDatabaseStory(sandbox: Sandbox, directory: string): Promise<void> {
  const deployment = (...args: string[]) => sandbox.succeed(['deployment', '--dir', directory, ...args]);
  const said = async (): Promise<string> => {
    let seen = '';
    const see = async (): Promise<string> => (seen = (await deployment('logs', 'test-client')).stdout);
    await expect.poll(see, { timeout: 60_000, interval: 500 }).toContain(complete);
    return seen;
  };

  await deployment('start');
  expect(await said()).toContain(made);

  await deployment('stop');
  await deployment('start');
  const second = await said();
  expect(second).toContain(found);
  expect(second).not.toContain(made);

  await deployment('restart', '--stack-path', stack);
  const third = await said();
  expect(third).toContain(found);
  expect(third).not.toContain(made);

  // Neither claims nor engine volumes are the data: that is in a directory of the host (decision 17).
  await deployment('stop', '--delete-volumes');
  await deployment('start');
  const last = await said();
  expect(last).toContain(found);
  expect(last).not.toContain(made);
}

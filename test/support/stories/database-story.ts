import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageDirectory } from '../../../src/system/package.js';
import { run } from '../../../src/system/process/process.js';
import type { Sandbox } from '../sandbox.js';

const stack = 'mine/stack-orchestrator/stacks/test-database';

/**
 * Copies the bundled stack test-database into a repository of the sandbox, from which `restart` pulls it, and builds
 * its images.
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

/** The messages of the client when it finds or creates its data. */
const found = 'Database test client: test data already exists';
const made = 'Database test client: test data does not exist';
const complete = 'Database test client: test complete';

/**
 * The life of a deployment of that stack with one test per step: whatever happens to its containers, the data in the
 * database is kept.
 * @param directory a deployment whose spec has a path for `db-data`
 */
export function tellDatabaseStory(sandbox: () => Sandbox, directory: string): void {
  const deployment = (...args: string[]) => sandbox().run(directory, ...args);
  const said = async (): Promise<string> => {
    let seen = '';
    const see = async (): Promise<string> => (seen = (await deployment('logs', 'test-client')).stdout);
    await expect.poll(see, { timeout: 60_000, interval: 500 }).toContain(complete);
    return seen;
  };
  const expectFound = async (): Promise<void> => {
    const seen = await said();
    expect(seen).toContain(found);
    expect(seen).not.toContain(made);
  };

  it('the client creates its data at the first start', async () => {
    await deployment('start');
    expect(await said()).toContain(made);
  });

  it('the data is kept through stop and start', async () => {
    await deployment('stop');
    await deployment('start');
    await expectFound();
  });

  it('the data is kept through restart', async () => {
    await deployment('restart', '--stack-path', stack);
    await expectFound();
  });

  it('the data is kept through stop --delete-volumes, since it is not in claims or engine volumes', async () => {
    await deployment('stop', '--delete-volumes');
    await deployment('start');
    await expectFound();
  });
}

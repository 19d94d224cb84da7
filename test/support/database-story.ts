import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageDirectory } from '../../src/system/package.js';
import { run } from '../../src/system/process/process.js';
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
 * A deployment of that stack from its first start to its end, a test for each chapter: whatever happens to its
 * containers, what is in the database stays.
 * @param directory with a path for `db-data` in its spec
 */
export function tellDatabaseStory(sandbox: () => Sandbox, directory: string): void {
  const deployment = (...args: string[]) => sandbox().succeed(['deployment', '--dir', directory, ...args]);
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

  it('its client makes its data at the first start', async () => {
    await deployment('start');
    expect(await said()).toContain(made);
  });

  it('the data is there after stop and start', async () => {
    await deployment('stop');
    await deployment('start');
    await expectFound();
  });

  it('and after restart', async () => {
    await deployment('restart', '--stack-path', stack);
    await expectFound();
  });

  it('and after stop --delete-volumes: neither claims nor engine volumes are the data', async () => {
    await deployment('stop', '--delete-volumes');
    await deployment('start');
    await expectFound();
  });
}

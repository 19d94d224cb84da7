import { afterAll, beforeAll, expect, it } from 'vitest';
import { runOrFail } from '../../../src/system/process/process.js';
import { ownDatabaseStack, tellDatabaseStory } from '../../support/stories/database-story.js';
import { describeWithEngine } from '../../support/engine.js';
import { containersOf } from '../../support/engine-api.js';
import { Sandbox } from '../../support/sandbox.js';

describeWithEngine('the stack test-database on Compose', () => {
  let sandbox: Sandbox;
  let project: string;

  beforeAll(async () => {
    sandbox = await Sandbox.make();
    const stack = await ownDatabaseStack(sandbox);
    await sandbox.write('spec.yml', `stack: ${stack}\ndeploy-to: compose\nvolumes:\n  db-data: ./data/db-data\n`);
    await sandbox.create('spec.yml', 'd');
    project = await sandbox.projectOf('d');
  });
  afterAll(async () => {
    // The files of the database belong to its user.
    const args = ['run', '--rm', '--volume', `${sandbox.base}:/base`, 'cerc/test-database-client:local'];
    await runOrFail('rm', 'docker', [...args, 'rm', '-rf', '/base/d/data/db-data']);
    await sandbox.remove();
  });

  tellDatabaseStory(() => sandbox, 'd');

  it('continues with the data of a database that was killed', async () => {
    const containers = await containersOf(project);
    await sandbox.docker('kill', containers.database?.id ?? '');
    await sandbox.run('d', 'start');
    const query = [
      'exec',
      'database',
      '--',
      'psql',
      '--host',
      '/tmp',
      '--username',
      'test-user',
      '--tuples-only',
      'test-db',
    ];
    const answer = await sandbox.deployment(
      'd',
      ...query,
      '--command',
      "SELECT value FROM test_data WHERE name = 'key'",
    );
    expect(answer).toMatchObject({ code: 0, stdout: ' value\n\n' });
  });

  it('rejects connections over the network with another password', async () => {
    const args = ['exec', 'test-client', '--', 'env', 'PGPASSWORD=wrong', 'psql', '--command', 'SELECT 1'];
    const refused = await sandbox.deployment('d', ...args);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr + refused.stdout).toContain('password authentication failed');
  });
});

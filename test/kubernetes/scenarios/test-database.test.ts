import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithCluster } from '../../support/kubernetes/cluster.js';
import { ownDatabaseStack, tellDatabaseStory } from '../../support/stories/database-story.js';
import { ClusterSandbox, type Deployed } from '../../support/kubernetes/cluster-sandbox.js';

describeWithCluster('the stack test-database on Kubernetes', () => {
  let sandbox: ClusterSandbox;
  let deployed: Deployed;

  beforeAll(async () => {
    sandbox = await ClusterSandbox.make();
    const stack = await ownDatabaseStack(sandbox);
    deployed = await sandbox.deploy(stack, 'd', 'volumes: {db-data: MOUNTED/db}\n');
  });
  afterAll(() => sandbox.remove());

  tellDatabaseStory(() => sandbox, 'd');

  it('continues with the data of a database that was killed', async () => {
    const { metadata } = await deployed.podWith('database');
    await deployed.kubectl('delete', 'pod', metadata.name, '--grace-period', '0', '--force');
    await deployed.run('start');
    const query = ['psql', '--host', '/tmp', '--username', 'test-user', '--tuples-only', 'test-db', '--command'];
    const answer = await deployed.inContainer('database', ...query, "SELECT value FROM test_data WHERE name = 'key'");
    expect(answer).toBe(' value\n\n');
  });
});

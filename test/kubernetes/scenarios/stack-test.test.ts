import { afterAll, beforeAll, expect, it } from 'vitest';
import { deleteNamespaces, describeWithCluster, kubectl, kubectlGet } from '../../support/kubernetes/cluster.js';
import { ClusterSandbox, type Deployed, needImage, ownKinds } from '../../support/kubernetes/cluster-sandbox.js';

let sandbox: ClusterSandbox;
let deployed: Deployed;

/** The pod template of its only Deployment. */
async function podSpec(): Promise<{ containers: { envFrom?: { secretRef: { name: string } }[] }[] }> {
  const [deployment] = await deployed.objects('deployment');
  return (deployment?.spec as { template: { spec: Awaited<ReturnType<typeof podSpec>> } }).template.spec;
}

/** Waits until the container has printed all of this, since without a healthcheck it is ready as soon as it runs. */
async function expectLogged(...lines: string[]): Promise<void> {
  const lacking = async (): Promise<string[]> => {
    const { stdout } = await deployed.run('logs', 'test');
    return lines.filter((line) => !stdout.includes(line));
  };
  await expect.poll(lacking, { timeout: 60_000 }).toEqual([]);
}

describeWithCluster('the stack test on Kubernetes, as existing scripts use it', () => {
  beforeAll(async () => {
    // The program chooses the namespace, which a killed run may have left behind.
    await deleteNamespaces('laconic-test');
    sandbox = await ClusterSandbox.make();
    await needImage(sandbox, 'cerc/test-container:local', 'test');
    const spec = [
      'config: {CERC_TEST_PARAM_1: from-the-spec}',
      'volumes: {test-data-bind: MOUNTED/bind, test-data-auto: }',
      'configmaps: {test-config: ./configmaps/test-config}',
      'secrets: {my-keys: [TOKEN]}',
    ];
    deployed = await sandbox.deploy('test', 'd', spec.join('\n'), { namespace: '' });
    await sandbox.write('d/configmaps/test-config/test_config', 'a setting of the operator\n');
    await deployed.run('start', '--perform-cluster-management');
  });
  afterAll(() => sandbox.remove());

  it('keeps the bind of a file in the compose file, and nowhere else in the directory', async () => {
    const compose = await sandbox.read('d/compose/docker-compose-test.yml');
    expect(compose).toContain('- ../config/test/script.sh:/opt/run.sh\n');
    expect(await sandbox.read('d/kind-config.yml')).not.toContain('/mnt/host-path-');
    expect(Object.keys(await sandbox.fileState('d/configmaps'))).toEqual([
      sandbox.path('d/configmaps'),
      sandbox.path('d/configmaps/test-config'),
      sandbox.path('d/configmaps/test-config/test_config'),
    ]);
  });

  it('prints with ps that containers are running', async () => {
    expect((await deployed.run('ps')).stdout).toMatch(/^Running containers:\nid: \S+, name: \S+, ports: .*80->80/);
  });

  it('has ConfigMaps for the bound files and the declared folder', async () => {
    const maps = await deployed.objects('configmap');
    expect(maps.map(({ metadata }) => metadata.name)).toEqual(
      expect.arrayContaining([
        `${deployed.app}-host-path-config-test-script-sh`,
        `${deployed.app}-host-path-config-test-settings-env`,
        `${deployed.app}-test-config`,
      ]),
    );
    expect(await deployed.inContainer('test', 'cat', '/opt/settings.env')).toBe('ANSWER=42\n');
    expect(await deployed.inContainer('test', 'cat', '/opt/run.sh')).toBe(
      await sandbox.read('d/config/test/script.sh'),
    );
  });

  it('logs new volumes, the config value, the default, the literal and the ConfigMap', async () => {
    await expectLogged(
      '/data: MOUNTED dev=',
      '/data2: MOUNTED dev=',
      '/data filesystem is fresh',
      '/data2 filesystem is fresh',
      'Test-param-1: from-the-spec',
      'Test-param-2: CERC_TEST_PARAM_2_VALUE',
      'Test-param-3: FAILED',
      '/config: EXISTS',
      '/config/test_config:',
      'a setting of the operator',
    );
  });

  it('has pods with the labels that scripts select by', async () => {
    const byApp = await deployed.objects('pod', `app=${deployed.app}`);
    expect(byApp.map(({ status }) => status.phase)).toEqual(['Running']);
    const byStack = await deployed.objects('pod', 'app.kubernetes.io/stack=test');
    expect(byStack.map(({ metadata }) => metadata.name)).toContain(byApp[0]?.metadata.name);
  });

  it('runs its job once, to completion', async () => {
    const [job, ...more] = await deployed.objects('job');
    expect(more).toEqual([]);
    expect(job?.metadata.name).toBe(`${deployed.app}-job-test-job`);
    expect(job?.status.succeeded).toBe(1);
    expect((await deployed.run('logs', 'test-job')).stdout).toContain('Job completed successfully');
  });

  it("offers the operator's Secret to its containers, although it does not exist yet", async () => {
    const { containers } = await podSpec();
    expect(containers[0]?.envFrom).toEqual([{ secretRef: { name: 'my-keys', optional: true } }]);
    await deployed.kubectl('create', 'secret', 'generic', 'my-keys', '--from-literal=TOKEN=x y$z');
  });

  it('has stopped completely when stop --delete-volumes returns, and the namespace and objects of others stay', async () => {
    await deployed.run('stop', '--delete-volumes', '--skip-cluster-management', '5');
    expect(await deployed.own(ownKinds)).toEqual([]);
    expect(await deployed.objects(ownKinds, 'app.kubernetes.io/stack=test')).toEqual([]);
    const namespace = (await kubectlGet('namespace', 'laconic-test')) as { status?: { phase: string } };
    expect(namespace.status?.phase).toBe('Active');
    expect(await kubectl('get', 'persistentvolume', '--selector', `app=${deployed.app}`)).toBe('');
    expect(await deployed.kubectl('get', 'secret', 'my-keys')).toContain('my-keys');
  });

  it('keeps the data of the bind volume when it is started again, while the provisioned one is new', async () => {
    await deployed.run('start', '--skip-cluster-management');
    await expectLogged('/data filesystem is old, created: ', '/data2 filesystem is fresh');
    expect(await deployed.inContainer('test', 'sh', '-c', 'printf %s "$TOKEN"')).toBe('x y$z');
  });

  it('keeps both volumes with stop without --delete-volumes', async () => {
    await deployed.run('stop', '5');
    expect(await deployed.own('deployment,job,ingress,service,configmap,secret,pod')).toEqual([]);
    expect(await deployed.own('persistentvolumeclaim')).toHaveLength(2);
    await deployed.run('start');
    await expectLogged('/data filesystem is old, created: ', '/data2 filesystem is old, created: ');
  });
});

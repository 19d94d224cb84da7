import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { errorMessage } from '../../../src/system/errors.js';
import { deleteNamespaces, describeWithCluster, kubectl } from '../../support/cluster.js';
import { server, service, Site } from '../operate/site.js';
import { applyYaml } from './account.js';

const namespace = 'operate-refused';

const webhook = `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: ${namespace}}
webhooks:
  - name: policy.example.org
    clientConfig: {service: {name: nobody, namespace: ${namespace}, path: /}}
    rules: [{apiGroups: ["", apps, batch], apiVersions: ["*"], operations: [CREATE, UPDATE], resources: [services, deployments, jobs]}]
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ${namespace}}}
    failurePolicy: Fail
    sideEffects: None
    admissionReviewVersions: [v1]
    timeoutSeconds: 2
`;

describeWithCluster('what the cluster refuses (one clear message, nothing left behind)', () => {
  let site: Site;

  beforeAll(async () => {
    site = await Site.make('refused', {
      pods: { app: server('web') },
      jobs: { seed: service('seed', 'echo seeded') },
    });
    await kubectl('create', 'namespace', namespace);
  });
  afterAll(() => site.remove());

  /** A rule of the cluster counts a moment after it was made, and after it was deleted. */
  const within = { timeout: 60_000 };
  /** What the server says of an object that is made for show. */
  const wouldMake = (...words: string[]): Promise<string> =>
    site.kubectl(...words, '--dry-run=server').catch(errorMessage);
  const wouldMakeService = (): Promise<string> => wouldMake('create', 'service', 'clusterip', 'probe', '--tcp=80');
  async function quota(hard: string): Promise<void> {
    await site.kubectl('create', 'quota', 'q', `--hard=${hard}`);
    await expect.poll(() => site.kubectl('get', 'quota', 'q', '--output', 'yaml'), within).toContain('used:');
  }

  async function refused(...args: string[]): Promise<string> {
    const { code, stderr } = await site.run(...args);
    expect(code).toBe(1);
    expect(stderr).not.toMatch(/^ +at /m);
    return stderr;
  }

  it('a quota for objects: each of them at once, nothing is made, and it is no missing permission', async () => {
    await quota('services=0,count/deployments.apps=0');
    const said = await refused('start');
    expect(said).toMatch(/cannot apply Service web .*exceeded quota: q/);
    expect(said).toMatch(/cannot apply Deployment \S+ .*exceeded quota: q/);
    expect(said).toContain('nothing of this deployment was changed; ask for a larger quota');
    expect(await site.names('deployment,job,service,secret')).toEqual([]);
    await site.kubectl('delete', 'quota', 'q');
  });

  it('a webhook that decides about everything and does not answer: named, and nothing is made', async () => {
    await applyYaml(webhook);
    await expect.poll(wouldMakeService, within).toContain('failed calling webhook');
    try {
      const said = await refused('start');
      expect(said).toMatch(/cannot apply Deployment \S+ .*failed calling webhook "policy\.example\.org"/);
      expect(said).toContain('nothing of this deployment was changed; a webhook of the cluster decides about this');
      expect(await site.names('deployment,job,service,secret')).toEqual([]);
    } finally {
      await kubectl('delete', 'validatingwebhookconfiguration', namespace);
      await expect.poll(wouldMakeService, within).toContain('created');
    }
  });

  it('a quota for pods: the start ends with it after the time that room may take', async () => {
    await quota('pods=0');
    expect(await refused('start')).toMatch(/(Deployment|Job) \S+: its pods are refused: .*exceeded quota: q/);
    await site.succeed('stop');
    expect(await site.names('deployment,job,service,pod')).toEqual([]);
    await site.kubectl('delete', 'quota', 'q');
  });

  it('a policy on pods (PodSecurity): told at once, and by status', async () => {
    await kubectl('label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted');
    await expect.poll(() => wouldMake('run', 'probe', '--image=x'), within).toContain('violates PodSecurity');
    expect(await refused('start')).toMatch(/(Deployment|Job) \S+: its pods are refused: .*violates PodSecurity/);
    expect((await site.succeed('status')).stdout).toMatch(/its pods are refused: .*violates PodSecurity/);
    await site.succeed('stop', '--delete-namespace');
  });

  it('a node port that another Service has: nothing is made, the namespace neither', async () => {
    const other = `${namespace}-other`;
    const port = '30041';
    await kubectl('create', 'namespace', other);
    try {
      await kubectl(
        'create',
        'service',
        'nodeport',
        'taken',
        '--namespace',
        other,
        '--tcp=80:80',
        `--node-port=${port}`,
      );
      const spec = `${await site.sandbox.read('spec.yml')}network: {ports: {web: ["${port}:80"]}}\n`;
      await site.sandbox.write('port.yml', spec);
      await site.sandbox.create('port.yml', 'port');
      const { code, stderr } = await site.sandbox.deployment('port', 'start');
      expect(code).toBe(1);
      expect(stderr).toMatch(
        new RegExp(`cannot apply Service \\S+ .*nodePort: Invalid value: ${port}: .*already allocated`),
      );
      expect(stderr).toContain('nothing of this deployment was changed');
      await expect.poll(() => kubectl('get', 'namespace', namespace, '--ignore-not-found'), within).toBe('');
    } finally {
      await rm(site.sandbox.path('port'), { recursive: true, force: true });
      await deleteNamespaces(other);
    }
  });
});

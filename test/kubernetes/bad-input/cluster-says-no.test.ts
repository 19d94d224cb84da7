import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { errorMessage } from '../../../src/system/errors.js';
import { deleteNamespaces, describeWithCluster, kubectl, randomNodePort } from '../../support/kubernetes/cluster.js';
import type { Deployed } from '../../support/kubernetes/cluster-sandbox.js';
import { deploy, server, service } from '../operate/stack.js';
import { applyYaml } from './account.js';

const webhook = (namespace: string): string => `apiVersion: admissionregistration.k8s.io/v1
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

describeWithCluster('refusals of the cluster', () => {
  let site: Deployed;
  let namespace: string;

  beforeAll(async () => {
    site = await deploy({
      pods: { app: server('web') },
      jobs: { seed: service('seed', 'echo seeded') },
    });
    ({ namespace } = site);
    await kubectl('create', 'namespace', namespace);
  });
  afterAll(() => site.remove());

  /** A rule of the cluster takes effect a moment after it was created or deleted. */
  const within = { timeout: 60_000 };
  /** The response of the server to an object in a dry run. */
  const wouldMake = (...words: string[]): Promise<string> =>
    site.kubectl(...words, '--dry-run=server').catch(errorMessage);
  const wouldMakeService = (): Promise<string> => wouldMake('create', 'service', 'clusterip', 'probe', '--tcp=80');
  async function quota(hard: string): Promise<void> {
    await site.kubectl('create', 'quota', 'q', `--hard=${hard}`);
    await expect.poll(() => site.kubectl('get', 'quota', 'q', '--output', 'yaml'), within).toContain('used:');
  }

  async function refused(...args: string[]): Promise<string> {
    const { code, stderr } = await site.attempt(...args);
    expect(code).toBe(1);
    expect(stderr).not.toMatch(/^ +at /m);
    return stderr;
  }

  it('by a quota for objects are reported together, nothing is created, and no missing permission is reported', async () => {
    await quota('services=0,count/deployments.apps=0');
    const said = await refused('start');
    expect(said).toMatch(/cannot apply Service web .*exceeded quota: q/);
    expect(said).toMatch(/cannot apply Deployment \S+ .*exceeded quota: q/);
    expect(said).toContain('nothing of this deployment was changed; request a larger quota');
    expect(await site.names('deployment,job,service,secret')).toEqual([]);
    await site.kubectl('delete', 'quota', 'q');
  });

  it('by a webhook that handles everything and does not answer are reported by its name, and nothing is created', async () => {
    await applyYaml(webhook(namespace));
    await expect.poll(wouldMakeService, within).toContain('failed calling webhook');
    try {
      const said = await refused('start');
      expect(said).toMatch(/cannot apply Deployment \S+ .*failed calling webhook "policy\.example\.org"/);
      expect(said).toContain('nothing of this deployment was changed; a webhook of the cluster does not answer');
      expect(await site.names('deployment,job,service,secret')).toEqual([]);
    } finally {
      await kubectl('delete', 'validatingwebhookconfiguration', namespace);
      await expect.poll(wouldMakeService, within).toContain('created');
    }
  });

  it('by a quota for pods end the start after the time in which room may become free', async () => {
    await quota('pods=0');
    expect(await refused('start')).toMatch(/(Deployment|Job) \S+: its pods are refused: .*exceeded quota: q/);
    await site.run('stop');
    expect(await site.names('deployment,job,service,pod')).toEqual([]);
    await site.kubectl('delete', 'quota', 'q');
  });

  it('by a policy on pods (PodSecurity) are reported at once, and by status', async () => {
    await kubectl('label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted');
    await expect.poll(() => wouldMake('run', 'probe', '--image=x'), within).toContain('violates PodSecurity');
    expect(await refused('start')).toMatch(/(Deployment|Job) \S+: its pods are refused: .*violates PodSecurity/);
    expect((await site.run('status')).stdout).toMatch(/its pods are refused: .*violates PodSecurity/);
    await site.run('stop', '--delete-namespace');
  });

  it('of a node port that another Service has are reported, and nothing is created, including the namespace', async () => {
    const other = `${namespace}-other`;
    const port = String(randomNodePort());
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
      const spec = `${await site.sandbox.read('dep.spec.yml')}network: {ports: {web: ["${port}:80"]}}\n`;
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

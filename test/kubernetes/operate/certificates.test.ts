import { afterAll, beforeAll, expect, it } from 'vitest';
import { errorMessage } from '../../../src/system/errors.js';
import { runOrFail } from '../../../src/system/process/process.js';
import { describeWithCluster, kubectl, shared } from '../../support/kubernetes/cluster.js';
import type { Deployed } from '../../support/kubernetes/cluster-sandbox.js';
import { nodeImage } from '../apply/support.js';
import { deploy } from './stack.js';

/** The definitions that the API server needs to store objects of cert-manager. No controller processes them here. */
const definitions = [
  { kind: 'Certificate', plural: 'certificates', scope: 'Namespaced' },
  { kind: 'ClusterIssuer', plural: 'clusterissuers', scope: 'Cluster' },
].map(({ kind, plural, scope }) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.cert-manager.io` },
  spec: {
    group: 'cert-manager.io',
    scope,
    names: { kind, plural, singular: kind.toLowerCase() },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
}));

interface Ingress {
  metadata: { name: string; uid: string; resourceVersion: string; annotations: Record<string, string> };
  spec: { tls: unknown; rules: { host: string }[] };
}

let site: Deployed;
const issuer = 'cert-manager.io/cluster-issuer';
const day = 86_400_000;

async function apply(...objects: object[]): Promise<void> {
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
  const words = ['--kubeconfig', shared.kubeconfig, 'apply', '--filename', '-'];
  await runOrFail('kubectl apply', 'kubectl', words, { input });
}

/** A certificate as cert-manager stores it. @param valid from and to, in days from now */
function certificate(
  name: string,
  dnsNames: string[],
  valid: [number, number],
  more: object = {},
  ready = true,
): object {
  const [notBefore, notAfter] = valid.map((days) => new Date(Date.now() + days * day).toISOString());
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name, namespace: site.namespace, ...more },
    spec: { secretName: `${name}-secret`, dnsNames },
    status: { notBefore, notAfter, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  };
}

async function ingresses(): Promise<Ingress[]> {
  return (await site.get('ingresses')).items as Ingress[];
}

/** The Secret and the issuer for each host. */
async function served(): Promise<Record<string, unknown>> {
  const found = (await ingresses()).flatMap(({ metadata, spec }) =>
    (spec.tls as { hosts: string[]; secretName: string }[]).flatMap(({ hosts, secretName }) =>
      hosts.map((host) => [host, [secretName, metadata.annotations[issuer]]]),
    ),
  );
  return Object.fromEntries(found) as Record<string, unknown>;
}

describeWithCluster('certificates on a cluster other than kind', () => {
  const made = (host: string, app: string): [string, string] => [`${app}-${host}-tls`, 'letsencrypt-prod'];
  let app: string;

  beforeAll(async () => {
    const image = await nodeImage('pause');
    const host = (name: string): string => `    - {host-name: ${name}, routes: [{path: /, proxy-to: "web:80"}]}\n`;
    site = await deploy({
      pods: { web: `  web:\n    image: ${image}\n    stop_grace_period: 1s\n` },
      target: `deploy-to: k8s\nkube-config: ${shared.kubeconfig}\nimage-pull-policy: Never\n`,
      // No ingress controller reads these.
      spec: `network:\n  ingress-class: nobody\n  http-proxy:\n${host('a.example.org')}${host('example.com')}`,
    });
    ({ app } = site);
  });
  afterAll(async () => {
    await site.remove();
    const names = definitions.map(({ metadata }) => metadata.name);
    await kubectl('delete', 'customresourcedefinition', '--ignore-not-found', ...names);
  });

  it('are reported as not issued by start when cert-manager is missing, and the start continues', async () => {
    const { stderr } = await site.run('start', '--no-wait');
    expect(stderr).toContain(
      'cert-manager is not installed in this cluster: nothing issues a certificate for a.example.org, example.com; set tls-secret',
    );
    expect(await served()).toEqual({
      'a.example.org': made('a.example.org', app),
      'example.com': made('example.com', app),
    });
  });

  it('are reported as not issued by start until there is a ClusterIssuer', async () => {
    await apply(...definitions);
    const names = definitions.map(({ metadata }) => `customresourcedefinition/${metadata.name}`);
    await kubectl('wait', '--for=condition=established', '--timeout=120s', ...names);
    // An established resource is served and known to kubectl a moment later.
    const kinds = definitions.map(({ metadata }) => metadata.name).join(',');
    const served = (): Promise<string> => kubectl('get', kinds, '--all-namespaces').catch(errorMessage);
    await expect.poll(served, { timeout: 60_000 }).toBe('');
    expect((await site.run('start', '--no-wait')).stderr).toContain(
      'there is no ClusterIssuer letsencrypt-prod in this cluster',
    );
    await apply({ apiVersion: 'cert-manager.io/v1', kind: 'ClusterIssuer', metadata: { name: 'letsencrypt-prod' } });
    expect((await site.run('start', '--no-wait')).stderr).not.toContain('ClusterIssuer');
  });

  it('are used for their hosts when they exist, other hosts keep their issuer, and render prints the same', async () => {
    const [ingress] = await ingresses();
    const { name, uid } = ingress?.metadata ?? {};
    const ownerReferences = [{ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', name, uid, controller: true }];
    await apply(
      certificate('a-expired', ['a.example.org'], [-90, -1]),
      certificate('b-later', ['a.example.org'], [1, 90]),
      certificate('c-failed', ['a.example.org'], [-1, 90], {}, false),
      certificate('d-own', ['a.example.org'], [-1, 90], { ownerReferences }),
      certificate('wild', ['example.org', '*.example.org'], [-1, 90]),
    );
    const rendered = await site.run('render');
    expect(rendered.stdout).toContain('secretName: wild-secret');
    await site.run('start', '--no-wait');
    const expected = { 'a.example.org': ['wild-secret', undefined], 'example.com': made('example.com', app) };
    expect(await served()).toEqual(expected);
    const before = (await ingresses()).map(({ metadata }) => metadata.resourceVersion);
    await site.run('start', '--no-wait');
    expect((await ingresses()).map(({ metadata }) => metadata.resourceVersion)).toEqual(before);
  });

  it('are shown by status with their dates and names', async () => {
    const { stdout } = await site.run('status');
    expect(stdout).toMatch(
      /Hostname: a\.example\.org\n\tIP: \?\n\tTLS: notBefore: \S+; notAfter: \S+; names: \['example\.org', '\*\.example\.org'\]/,
    );
    expect(stdout).toContain(`TLS: secret ${app}-example.com-tls`);
  });

  it('are requested again when they are gone', async () => {
    await site.kubectl('delete', 'certificates.cert-manager.io', 'wild');
    await site.run('start', '--no-wait');
    expect(await served()).toEqual({
      'a.example.org': made('a.example.org', app),
      'example.com': made('example.com', app),
    });
  });

  it('are left open by render when the cluster does not answer, with a warning', async () => {
    const kubeconfig = await site.sandbox.read('dep/kubeconfig.yml');
    await site.sandbox.write('dep/kubeconfig.yml', kubeconfig.replace(/server: .*/, 'server: https://127.0.0.1:1'));
    const { stdout, stderr } = await site.run('render');
    await site.sandbox.write('dep/kubeconfig.yml', kubeconfig);
    expect(stdout).toContain(`secretName: ${app}-a.example.org-tls`);
    expect(stderr).toContain('it is not known which certificates the namespace has');
  });
});

import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ClusterApi } from '../../../src/deployers/kubernetes/api/api.js';
import { connectCluster } from '../../../src/deployers/kubernetes/api/connect.js';
import { type CaddyWish, ensureCaddy } from '../../../src/deployers/kubernetes/kind/caddy.js';
import { caddyName, caddyNamespace, caddyObjects } from '../../../src/deployers/kubernetes/kind/caddy-manifest.js';
import { loadImages } from '../../../src/deployers/kubernetes/kind/load-images.js';
import { Deadline } from '../../../src/deployers/readiness/wait-timeout.js';
import { runOrFail } from '../../../src/system/process/process.js';
import { describeWithCluster, shared, throughIngress } from '../../support/kubernetes/cluster.js';
import type { TestContext } from '../../support/context.js';
import { OwnCluster } from './own-cluster.js';

let own: OwnCluster;
const otherImage = `laconic-so-test/caddy-other:${process.pid}`;

/** Runs ensureCaddy; resolves to its changes (`apply Deployment caddy-ingress-controller`) and its output. */
async function ensure(more: Partial<CaddyWish> = {}): Promise<{ writes: string[]; context: TestContext }> {
  const context = own.context();
  const { api } = await connectCluster({ kind: 'k8s-kind', cluster: own.name }, context);
  const writes: string[] = [];
  const watched: ClusterApi = {
    ...api,
    apply: (object, options) => {
      writes.push(`apply ${object.kind} ${object.metadata.name}`);
      return api.apply(object, options);
    },
    create: (object, ...rest) => {
      writes.push(`create ${object.kind} ${object.metadata.name}`);
      return api.create(object, ...rest);
    },
    patch: (type, name, ...rest) => {
      writes.push(`patch ${type.kind} ${name}`);
      return api.patch(type, name, ...rest);
    },
    delete: (type, name, ...rest) => {
      writes.push(`delete ${type.kind} ${name}`);
      return api.delete(type, name, ...rest);
    },
  };
  const wish = { cluster: own.name, install: true, wait: true, deadline: new Deadline(120), ...more };
  wish.deadline.begin();
  await ensureCaddy(wish, watched, own.engine, context);
  return { writes, context };
}

async function get(kind: string, name: string, path: string): Promise<string> {
  return own.kubectl('--namespace', caddyNamespace, 'get', kind, name, '--output', `jsonpath={${path}}`);
}

const imageOf = (): Promise<string> => get('deployment', caddyName, '.spec.template.spec.containers[0].image');
const emailOf = (): Promise<string> => get('configmap', 'caddy-ingress-controller-configmap', '.data.email');

/** A web server behind a host name, in a namespace of its own. */
async function serve(host: string): Promise<void> {
  const labels = { app: 'web' };
  const metadata = { name: 'web', namespace: 'site' };
  const backend = { service: { name: 'web', port: { number: 8080 } } };
  const script = 'mkdir /www && echo hello >/www/index.html && exec httpd -f -p 8080 -h /www';
  const container = {
    name: 'web',
    image: 'busybox:1.36',
    imagePullPolicy: 'IfNotPresent',
    command: ['sh', '-c', script],
  };
  const rule = (name: string): object => ({
    host: name,
    http: { paths: [{ path: '/', pathType: 'Prefix', backend }] },
  });
  const objects = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'site' } },
    { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, labels }, spec: { containers: [container] } },
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: labels, ports: [{ port: 8080 }] } },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata,
      spec: {
        ingressClassName: 'caddy',
        tls: [{ hosts: [`secure.${host}`], secretName: 'made-by-caddy' }],
        rules: [rule(host), rule(`secure.${host}`)],
      },
    },
  ];
  for (const object of objects) {
    await own.kubectlWith(object, 'create');
    // By default pods have one, which the cluster creates a moment after the namespace.
    if (object.kind !== 'Namespace') continue;
    const account = (): Promise<string> =>
      own.kubectl('--namespace', 'site', 'get', 'serviceaccount', '--output', 'name');
    await expect.poll(account, { timeout: 60_000 }).toContain('serviceaccount/default');
  }
  await own.kubectl('--namespace', 'site', 'wait', '--for', 'condition=Ready', 'pod/web', '--timeout', '60s');
}

describeWithCluster('Caddy on kind', () => {
  beforeAll(async () => {
    own = await OwnCluster.plan();
    const context = own.context();
    await own.ensure(await own.deployment('caddy', { spec: `kind-cluster-name: ${own.name}\n` }), context);
    await loadImages(own.name, [{ image: 'busybox:1.36', built: false }], own.engine, context);
    await runOrFail('docker tag', 'docker', ['tag', shared.ingressImage, otherImage]);
  });
  afterAll(async () => {
    await runOrFail('docker image rm', 'docker', ['image', 'rm', otherImage]);
    await own.remove();
  });

  it('is not installed with --skip-cluster-management', async () => {
    expect((await ensure({ install: false })).writes).toEqual([]);
    expect(await own.kubectl('get', 'namespaces')).not.toContain(caddyNamespace);
  });

  it('is taken over from the Python program, even when it is half installed and not ready', async () => {
    const settings = {
      image: 'laconic-so-test/nowhere:1',
      imageFrom: 'default',
      email: '',
      acmeAuthority: 'https://acme.example',
    } as const;
    const theirs = ['Namespace', 'ServiceAccount', 'ClusterRole', 'ConfigMap', 'IngressClass', 'Deployment'];
    for (const object of caddyObjects(settings).filter(({ kind }) => theirs.includes(kind))) {
      delete object.metadata.annotations;
      const text = JSON.stringify(object).replaceAll('IfNotPresent', 'Always');
      await own.kubectlWith(JSON.parse(text) as object, 'create', '--field-manager', 'OpenAPI-Generator');
    }
    const { writes, context } = await ensure({ image: shared.ingressImage, email: 'op@example.org' });
    expect(context.output.stderr).not.toContain('WARNING');
    expect(writes).toContain('apply Deployment caddy-ingress-controller');
    expect([await imageOf(), await emailOf()]).toEqual([shared.ingressImage, 'op@example.org']);
    expect(await get('deployment', caddyName, '.spec.template.spec.containers[0].imagePullPolicy')).toBe(
      'IfNotPresent',
    );
    expect(await get('deployment', caddyName, '.status.availableReplicas')).toBe('1');
    // Settings of the operator on this field are left alone.
    expect(await get('configmap', 'caddy-ingress-controller-configmap', '.data.acmeCA')).toBe('https://acme.example');
  });

  it('is not changed when everything is as wanted', async () => {
    const { writes, context } = await ensure({ image: shared.ingressImage, email: 'op@example.org' });
    expect(writes).toEqual([]);
    expect(context.output.stdout).toBe('');
  });

  it('routes from the ports of this host to a service, over HTTP and HTTPS', async () => {
    await serve('shop.test');
    const { http, https } = own.ports;
    await expect
      .poll(() => throughIngress('http://shop.test/', http), { timeout: 120_000 })
      .toEqual({ status: 200, body: 'hello\n' });
    await expect
      .poll(() => throughIngress('https://secure.shop.test/', https), { timeout: 120_000 })
      .toEqual({ status: 200, body: 'hello\n' });
  });

  it('keeps its image and e-mail address when the spec of a deployment names neither', async () => {
    expect((await ensure()).writes).toEqual([]);
    expect([await imageOf(), await emailOf()]).toEqual([shared.ingressImage, 'op@example.org']);
  });

  it('gets the image and the e-mail address that a spec names, and becomes ready with them, with cluster management or without', async () => {
    const { context } = await ensure({ image: otherImage, email: 'new@example.org', install: false });
    expect(context.output.stderr).toContain(`image ${otherImage} instead of ${shared.ingressImage}`);
    expect([await imageOf(), await emailOf()]).toEqual([otherImage, 'new@example.org']);
    const pods = await own.kubectl(
      '--namespace',
      caddyNamespace,
      'get',
      'pods',
      '--output',
      'jsonpath={range .items[*]}{.spec.containers[0].image} {.status.containerStatuses[0].ready}{end}',
    );
    expect(pods).toBe(`${otherImage} true`);
  });

  it('is left alone with a warning when somebody changed it by hand, and the start of a deployment continues', async () => {
    await own.kubectl('--namespace', caddyNamespace, 'scale', 'deployment', caddyName, '--replicas', '1');
    const patch = '{"spec":{"template":{"spec":{"terminationGracePeriodSeconds":5}}}}';
    await own.kubectl('--namespace', caddyNamespace, 'patch', 'deployment', caddyName, '--patch', patch);
    const { context } = await ensure();
    expect(context.output.stderr).toContain('Caddy is not changed');
    expect(await get('deployment', caddyName, '.spec.template.spec.terminationGracePeriodSeconds')).toBe('5');
  });

  it('is left as a newer version of laconic-so installed it', async () => {
    await own.kubectl(
      '--namespace',
      caddyNamespace,
      'annotate',
      'deployment',
      caddyName,
      '--overwrite',
      'laconic.com/caddy-release=99',
    );
    expect((await ensure({ image: shared.ingressImage })).writes).toEqual([]);
    expect(await imageOf()).toBe(otherImage);
  });
});

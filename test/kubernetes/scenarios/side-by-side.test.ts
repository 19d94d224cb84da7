import { once } from 'node:events';
import { basename } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { errorMessage } from '../../../src/system/errors.js';
import { runOrFail } from '../../../src/system/process/process.js';
import { describeWithCluster, kubectl, shared, throughIngress } from '../../support/kubernetes/cluster.js';
import { ClusterSandbox, type Deployed, ownKinds, settled } from '../../support/kubernetes/cluster-sandbox.js';
import { eventually } from '../../support/eventually.js';

const server = (name: string, port: number, path = ''): string => `services:
  ${name}:
    image: busybox:1.36
    command:
      - sh
      - -c
      - |
        mkdir -p /www${path}
        echo "${name} of $$SITE" >/www${path}/index.html
        date >>/data/starts
        exec httpd -f -p ${port} -h /www
    stop_grace_period: 1s
    environment: {SITE: "\${SITE}"}
    ports: ["${port}"]
    volumes: ["${name}-data:/data", "${name}-own:/own"]
volumes: {${name}-data: , ${name}-own: }
`;

/** The ingress controller loads a new configuration whenever a test changes an Ingress, so it may answer late. */
const within = { timeout: 60_000, interval: 250 };

let sandbox: ClusterSandbox;
let red: Deployed;
let blue: Deployed;
let domain: string;

const spec = (site: string): string => `
config: {SITE: ${site}, KEY: "$generate:hex:16$"}
volumes:
  front-data: MOUNTED/${site}/front
  front-own:
  api-data: MOUNTED/${site}/api
  api-own:
network:
  http-proxy:
    - host-name: www.${site}.${domain}
      routes:
        - {path: /, proxy-to: "front:8080"}
        - {path: /api, proxy-to: "api:8081"}
    - host-name: api.${site}.${domain}
      tls-secret: own-certificate
      routes: [{path: /, proxy-to: "api:8081"}]
`;

/** The subject of the certificate on port 443 of this host for a host name. */
async function servedTo(host: string): Promise<unknown> {
  const socket = connect({ host: '127.0.0.1', port: 443, servername: host, rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect');
    return socket.getPeerCertificate().subject.CN;
  } finally {
    socket.destroy();
  }
}

/** Everything of a deployment, including what any operation on it would change. */
async function state(deployed: Deployed): Promise<string[]> {
  const volumes = await kubectl('get', 'persistentvolume', '--output', 'json');
  const claimed = (JSON.parse(volumes) as { items: { metadata: object; spec: { claimRef?: { namespace: string } } }[] })
    .items;
  const own = claimed.filter(({ spec }) => spec.claimRef?.namespace === deployed.namespace);
  return [...own, ...(await deployed.objects(ownKinds))]
    .map(({ metadata }) => metadata as { name: string; uid: string; resourceVersion: string })
    .map(({ name, uid, resourceVersion }) => [name, uid, resourceVersion].join(' '))
    .sort();
}

async function files(site: string): Promise<string> {
  return sandbox.docker(
    'exec',
    shared.node,
    'find',
    `/mnt/${basename(sandbox.mounted())}/${site}`,
    '-type',
    'f',
    '-printf',
    '%p %s %T@\n',
  );
}

describeWithCluster('ingress, and two deployments of one stack side by side', () => {
  beforeAll(async () => {
    sandbox = await ClusterSandbox.make({
      'so/stacks/site/stack.yml': 'name: site\npods: [front, api]\n',
      'so/compose/docker-compose-front.yml': server('front', 8080),
      'so/compose/docker-compose-api.yml': server('api', 8081, '/api'),
    });
    domain = `${basename(sandbox.base).toLowerCase()}.test`;
    red = await sandbox.deploy('BASE/so/stacks/site', 'red', spec('red'));
    blue = await sandbox.deploy('BASE/so/stacks/site', 'blue', spec('blue'));
    await Promise.all([red.run('start'), blue.run('start')]);
  });
  afterAll(() => sandbox.remove());

  it.each(['red', 'blue'])('hosts and routes of %s work over HTTP on port 80 and HTTPS on port 443', async (site) => {
    const expected: [string, string][] = [
      [`http://www.${site}.${domain}/`, `front of ${site}\n`],
      [`http://www.${site}.${domain}/api/`, `api of ${site}\n`],
      [`https://api.${site}.${domain}/api/`, `api of ${site}\n`],
    ];
    for (const [url, body] of expected) {
      await expect.poll(() => throughIngress(url), within).toEqual({ status: 200, body });
    }
    const missing = (): Promise<number> =>
      throughIngress(`http://www.${site}.${domain}/none`).then(({ status }) => status);
    await expect.poll(missing, within).toBe(404);
  });

  it('a host with a tls-secret serves the certificate of that Secret', async () => {
    const host = `api.red.${domain}`;
    const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'key.pem', '-out', 'cert.pem'];
    const subject = ['-days', '2', '-subj', '/CN=made by the operator', '-addext', `subjectAltName=DNS:${host}`];
    await runOrFail('openssl', 'openssl', [...request, ...subject], { cwd: sandbox.base });
    const [certificate, key] = [sandbox.path('cert.pem'), sandbox.path('key.pem')];
    await red.kubectl('create', 'secret', 'tls', 'own-certificate', '--cert', certificate, '--key', key);
    await eventually(
      'the certificate is served',
      async () => (await servedTo(host).catch(errorMessage)) === 'made by the operator',
    );
  });

  it('status lists the hosts', async () => {
    expect((await red.run('status')).stdout).toContain(`www.red.${domain}`);
  });

  it('pods find each other by their Compose names, only within their own deployment', async () => {
    const fetched = (deployed: Deployed): Promise<string> =>
      deployed.inContainer('front', 'wget', '-q', '-O', '-', 'http://api:8081/api/');
    expect(await fetched(red)).toBe('api of red\n');
    expect(await fetched(blue)).toBe('api of blue\n');
  });

  it('stop --delete-volumes of one does not affect the other', async () => {
    const [objects, data] = [await settled(() => state(blue)), await files('blue')];
    await red.run('stop', '--delete-volumes');
    expect(await red.own()).toEqual([]);
    expect(await state(blue)).toEqual(objects);
    expect(await files('blue')).toBe(data);
    expect(await files('red')).toMatch(/front\/starts/);
    const api = () => throughIngress(`http://www.blue.${domain}/api/`);
    await expect.poll(api, within).toEqual({ status: 200, body: 'api of blue\n' });
    await eventually('the hosts of red are gone', async () => {
      const { body } = await throughIngress(`http://www.red.${domain}/`);
      return !body.includes('front of red');
    });
  });

  it('a stopped one starts again with the data of its bind volumes', async () => {
    await red.run('start');
    // The service itself records that once it runs.
    const starts = async () => (await red.inContainer('front', 'cat', '/data/starts')).trim().split('\n');
    await expect.poll(starts, within).toHaveLength(2);
    await eventually('red answers', async () => {
      const { body } = await throughIngress(`http://www.red.${domain}/api/`);
      return body === 'api of red\n';
    });
  });

  it('a second deployment for the same namespace is refused without affecting the first one', async () => {
    const intruder = await sandbox.deploy('BASE/so/stacks/site', 'intruder', spec('green'), {
      namespace: blue.namespace,
    });
    const objects = await settled(() => state(blue));
    const { code, stderr } = await intruder.attempt('start');
    expect(code).toBe(1);
    expect(stderr).toContain(sandbox.path('blue'));
    expect((await intruder.attempt('stop', '--delete-volumes')).stderr).not.toMatch(/^ +at /m);
    expect(await state(blue)).toEqual(objects);
  });
});

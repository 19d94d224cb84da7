import { describe, expect, it } from 'vitest';
import { chooseCluster, type KindCluster } from '../../../../../src/deployers/kubernetes/kind/clusters.js';
import { residentsOf } from '../../../../../src/deployers/kubernetes/kind/delete.js';
import { misfitAdvice, misfits } from '../../../../../src/deployers/kubernetes/kind/misfits.js';
import { explainCreation, progressOf } from '../../../../../src/deployers/kubernetes/kind/kind-cli.js';

const cluster = (name: string, ours = true): KindCluster => ({ name, ours, nodes: [] });

describe('the kind cluster of a deployment', () => {
  const foreign = cluster('kind', false);

  it('is the one with its name among others', () => {
    const found = chooseCluster([foreign, cluster('laconic-a'), cluster('laconic-b')], 'laconic-b', false);
    expect(found).toEqual({ kind: 'existing', cluster: cluster('laconic-b'), adopted: false });
  });

  it('is the only one of laconic-so, whatever other clusters exist', () => {
    const found = chooseCluster([foreign, cluster('laconic-a')], 'laconic-b', false);
    expect(found).toEqual({ kind: 'existing', cluster: cluster('laconic-a'), adopted: true });
  });

  it('is never a foreign cluster, and never any other when the spec names one', () => {
    expect(chooseCluster([foreign], 'laconic-b', false)).toEqual({ kind: 'missing' });
    expect(chooseCluster([cluster('laconic-a')], 'shop', true)).toEqual({ kind: 'missing' });
  });

  it('is a foreign cluster when the spec names it', () => {
    expect(chooseCluster([foreign], 'kind', true)).toMatchObject({ kind: 'existing', adopted: false });
  });

  it('has to be named where several clusters of laconic-so are possible', () => {
    const found = chooseCluster([cluster('laconic-a'), cluster('laconic-b')], 'laconic-c', false);
    expect(found).toEqual({ kind: 'ambiguous', names: ['laconic-a', 'laconic-b'] });
  });
});

describe('whether a running cluster fits a deployment', () => {
  const live = {
    binds: [
      { hostPath: '/srv/kind', containerPath: '/mnt' },
      { hostPath: '/srv/a', containerPath: '/mnt/a' },
    ],
    ports: [{ hostPort: 80, containerPort: 80, protocol: 'tcp', hostAddress: '0.0.0.0' }],
  };
  const wanted = (mounts: [string, string][], ports: number[] = []) => ({
    mounts: mounts.map(([hostPath, containerPath]) => ({ hostPath, containerPath })),
    ports: ports.map((port) => ({ hostPort: port, containerPort: port, protocol: 'TCP' })),
    nodeLabels: [],
  });
  const same = (path: string): string => path;

  it('explains each mount and each port that is missing or different', () => {
    const found = misfits(
      wanted(
        [
          ['/srv/kind', '/mnt'],
          ['/srv/b', '/mnt/a'],
          ['/srv/c', '/mnt/c'],
        ],
        [80, 53],
      ),
      live,
      same,
    );
    expect(found.lines).toEqual([
      '/mnt/a must be /srv/b of this host: /srv/a is mounted there',
      '/mnt/c must be /srv/c of this host: nothing is mounted there',
      'port 53/TCP of this host does not lead to port 53 of a node',
    ]);
  });

  it('requires the address that the spec names, and any address where it names none', () => {
    const at = (hostAddress: string) => ({ binds: [], ports: live.ports.map((port) => ({ ...port, hostAddress })) });
    const on = (listenAddress: string) => ({
      ...wanted([]),
      ports: [{ hostPort: 80, containerPort: 80, protocol: 'TCP', listenAddress }],
    });
    expect(misfits(on('127.0.0.1'), at('127.0.0.1'), same).lines).toEqual([]);
    expect(misfits(wanted([], [80]), at('127.0.0.1'), same).lines).toEqual([]);
    expect(misfits(on('::'), live, same).lines).toEqual([]);
    expect(misfits(on('127.0.0.1'), live, same).lines).toEqual([
      'port 80/TCP must listen on 127.0.0.1 of this host: it listens on 0.0.0.0',
    ]);
    expect(misfits(on('0.0.0.0'), at('10.0.0.5'), same).lines).toEqual([
      'port 80/TCP must listen on 0.0.0.0 of this host: it listens on 10.0.0.5',
    ]);
  });

  it('treats two spellings of one directory as equal', () => {
    const canonical = (path: string): string => path.replace('/data', '/srv');
    expect(misfits(wanted([['/data/a', '/mnt/a']]), live, canonical).lines).toEqual([]);
  });

  it('does not require mounts of single files that old configurations list', () => {
    expect(misfits(wanted([['/x/y', '/mnt/host-path-y']]), live, same).lines).toEqual([]);
  });

  it('names the directory that is mounted as a whole, below which volumes may be', () => {
    expect(misfitAdvice('c', live, true)).toContain('kind-mount-root: /srv/kind');
    expect(misfitAdvice('c', { binds: [], ports: [] }, true)).toContain('best with a kind-mount-root');
    expect(misfitAdvice('c', live, false)).not.toContain('kind-mount-root');
  });
});

describe('the deployments in a cluster that is to be deleted', () => {
  const namespace = (
    name: string,
    marks: { labels?: Record<string, string>; annotations?: Record<string, string> } = {},
  ) => ({
    metadata: { name, uid: name, resourceVersion: '1', ...marks },
  });
  const all = [
    namespace('kube-system'),
    namespace('caddy-system'),
    namespace('local-path-storage'),
    namespace('ours', { labels: { 'laconic.com/deployment-id': 'laconic-1' } }),
    namespace('python', { annotations: { 'laconic.com/deployment-dir': '/srv/p' } }),
    namespace('stopped', { annotations: { 'laconic.com/deployment-dir': '/srv/s' } }),
    namespace('somebody'),
  ];
  const inhabited = new Set(['kube-system', 'caddy-system', 'local-path-storage', 'ours', 'python', 'somebody']);

  it('are those of laconic-so and of the Python program while any of their objects exist', () => {
    expect(residentsOf(all, inhabited, true)).toEqual([
      { namespace: 'ours', deployment: 'laconic-1' },
      { namespace: 'python', deployment: '/srv/p' },
    ]);
  });

  it('include everything in a cluster that laconic-so did not create', () => {
    expect(residentsOf(all, inhabited, false).map((each) => each.namespace)).toEqual(['ours', 'python', 'somebody']);
  });
});

describe('the output of kind', () => {
  const failed = (stderr: string) =>
    explainCreation('c', { stdout: '', stderr, code: 1, command: 'kind create cluster' });

  it('explains a port that is in use', () => {
    const said =
      'ERROR: failed to create cluster: command "docker run" failed\ndocker: Error response from daemon: driver failed programming external connectivity on endpoint c: Bind for 0.0.0.0:80 failed: port is already allocated.\n';
    expect(failed(said).message).toBe('cannot create the kind cluster c: port 80 of this host is taken');
    const other = 'listen tcp4 0.0.0.0:443: bind: address already in use';
    expect(failed(other).message).toContain('port 443');
    expect(failed(other).hint).toContain('kind-https-port');
  });

  it('explains an address that this host does not have', () => {
    const said =
      'ERROR: failed to create cluster\nError starting userland proxy: listen tcp4 192.0.2.7:8080: bind: cannot assign requested address.\n';
    const error = failed(said);
    expect(error.message).toBe('cannot create the kind cluster c: this host has no address 192.0.2.7');
    expect(error.hint).toContain('kind-listen-address');
  });

  it('explains a node image that cannot be pulled', () => {
    const error = failed('ERROR: failed to create cluster: failed to pull image "kindest/node:v9": command …');
    expect(error.message).toContain('kindest/node:v9 cannot be pulled');
    expect(error.hint).toContain('kind-node-image');
  });

  it('is shown at its end for any other error', () => {
    expect(failed(`${'noise\n'.repeat(50)}ERROR: something new\nStack`).message).toBe(
      'cannot create the kind cluster c: ERROR: something new\nStack',
    );
  });

  it('is split into steps and decoration', () => {
    expect(progressOf(' • Starting control-plane 🕹️ ...')).toBe('Starting control-plane');
    expect(progressOf(' ✓ Ensuring node image (kindest/node:v1) 🖼')).toBe('Ensuring node image (kindest/node:v1)');
    expect(progressOf('Set kubectl context to "kind-c"')).toBeUndefined();
  });
});

import { randomInt } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run, runOrFail } from '../../../src/system/process/process.js';
import { describeUnless } from '../suites.js';

/**
 * The shared kind cluster of the tests, created by test/cluster/up.sh and passed on by cluster-setup.ts. The program
 * finds it through the environment of the tests: KUBECONFIG, PATH (kind, kubectl), LACONIC_SO_KIND_NODE_IMAGE.
 */
export const shared = {
  /** For `kind-cluster-name` in a spec; the program does not treat this cluster as its own without it. */
  get name(): string {
    return fromSetup('LACONIC_TEST_CLUSTER');
  },
  /**
   * For `kind-mount-root`: the host directory that is mounted at /mnt in the node. Tests create their own folders in
   * it.
   */
  get mountRoot(): string {
    return fromSetup('LACONIC_TEST_MOUNT_ROOT');
  },
  /** For `caddy-ingress-image`: an image on this host's engine. */
  get ingressImage(): string {
    return fromSetup('LACONIC_TEST_INGRESS_IMAGE');
  },
  get kubeconfig(): string {
    return fromSetup('KUBECONFIG');
  },
  /** The container of its only node. */
  get node(): string {
    return `${this.name}-control-plane`;
  },
};

function fromSetup(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '')
    throw new Error(`${name} is not set: this is no test of the project kubernetes`);
  return value;
}

/**
 * A suite on the real cluster. Without one it is skipped with the reason in its name; with `CI=true` it fails instead
 * (like describeWithEngine).
 */
export function describeWithCluster(name: string, suite: () => void): void {
  const told = process.env.LACONIC_TEST_NO_CLUSTER ?? '';
  const reason = told === '' ? undefined : told;
  describeUnless(reason, { has: 'has a cluster', needs: 'a kind cluster' }, name, suite);
}

/** Runs kubectl on the shared cluster; resolves to its stdout. */
export async function kubectl(...args: string[]): Promise<string> {
  const words = ['--kubeconfig', shared.kubeconfig, '--context', `kind-${shared.name}`, ...args];
  return (await runOrFail(`kubectl ${args.join(' ')}`, 'kubectl', words)).stdout;
}

/** One object as `kubectl get … --output json` prints it, or the `items` of a list. */
export async function kubectlGet(...args: string[]): Promise<Record<string, unknown> & { items?: unknown[] }> {
  return JSON.parse(await kubectl('get', ...args, '--output', 'json')) as Record<string, unknown>;
}

/** A node port that hardly anybody else has: neither another test nor another clone of the repository. */
export function randomNodePort(): number {
  return randomInt(30_100, 32_768);
}

/** Removes the namespaces of a test, and waits until everything in them is gone. */
export async function deleteNamespaces(...names: string[]): Promise<void> {
  await kubectl('delete', 'namespace', '--ignore-not-found', '--timeout', '120s', ...names);
}

/** The folder in which test/cluster/up.sh looks for clusters whose test run has ended. */
function registration(name: string): string {
  return join(dirname(dirname(shared.kubeconfig)), 'clusters', name);
}

/**
 * A name for a test's own cluster. A run that is killed leaves a cluster behind, which the next run removes. Ports 80
 * and 443 of this host belong to the shared cluster.
 * @param adoptable the program treats the cluster as its own, which deployments of any name join
 */
export async function ownClusterName(adoptable = false): Promise<string> {
  const unique = `${process.pid.toString(36)}${randomInt(36 ** 4).toString(36)}`;
  const name = adoptable ? `laconic-t${unique}` : `laconic-so-t${unique}`;
  await mkdir(dirname(registration(name)), { recursive: true });
  await writeFile(registration(name), String(process.pid));
  return name;
}

/** Removes a cluster of {@link ownClusterName} if the test created it. */
export async function deleteOwnCluster(name: string, kubeconfig: string): Promise<void> {
  await runOrFail(`kind delete cluster ${name}`, 'kind', [
    'delete',
    'cluster',
    '--name',
    name,
    '--kubeconfig',
    kubeconfig,
  ]);
  await rm(registration(name), { force: true });
}

/** A response of the cluster's ingress through port 80 or 443 of this host, or through the given port. */
export async function throughIngress(
  url: string,
  port = url.startsWith('https:') ? 443 : 80,
): Promise<{ status: number; body: string }> {
  const { host } = new URL(url);
  const args = ['--silent', '--show-error', '--insecure', '--max-time', '10', '--write-out', '\n%{http_code}'];
  const { stdout } = await run('curl', [
    ...args,
    '--connect-to',
    `${host}:${url.startsWith('https:') ? 443 : 80}:127.0.0.1:${port}`,
    url,
  ]);
  const at = stdout.lastIndexOf('\n');
  return { status: Number(stdout.slice(at + 1)), body: stdout.slice(0, at) };
}

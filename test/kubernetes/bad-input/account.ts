import { runOrFail } from '../../../src/system/process/process.js';
import { kubectl, shared } from '../../support/kubernetes/cluster.js';

/** Sends objects to the shared cluster as its administrator. */
export async function applyYaml(input: string): Promise<void> {
  const words = ['--kubeconfig', shared.kubeconfig, '--context', `kind-${shared.name}`, 'apply', '--filename', '-'];
  await runOrFail('kubectl apply', 'kubectl', words, { input });
}

/** The administrator's kubeconfig as plain data, in which cluster, user and context are called `x`. */
export async function kubeconfigOf(
  user: Record<string, unknown> | undefined,
  cluster: Record<string, unknown> = {},
): Promise<string> {
  const { clusters, users } = JSON.parse(
    await kubectl('config', 'view', '--raw', '--minify', '--flatten', '--output', 'json'),
  ) as { clusters: { cluster: Record<string, unknown> }[]; users: { user: Record<string, unknown> }[] };
  const name = 'x';
  return JSON.stringify({
    clusters: [{ name, cluster: { ...clusters[0]?.cluster, ...cluster } }],
    users: [{ name, user: user ?? users[0]?.user }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  });
}

/** Creates a ServiceAccount in a namespace, and a kubeconfig for it. */
export async function serviceAccount(namespace: string, name: string): Promise<string> {
  await kubectl('create', 'serviceaccount', name, '--namespace', namespace);
  return kubeconfigOf({ token: (await kubectl('create', 'token', name, '--namespace', namespace)).trim() });
}

/** Grants an account the rules of a Role or ClusterRole in its namespace. */
export async function bind(namespace: string, account: string, role: string): Promise<void> {
  const words = [
    'create',
    'rolebinding',
    account,
    '--namespace',
    namespace,
    `--serviceaccount=${namespace}:${account}`,
  ];
  await kubectl(...words, role);
}

import type { Engine } from '../../../engine/connect.js';
import { wiringOf } from '../../../engine/labelled.js';
import type { Context } from '../../../system/context.js';
import { InterruptedError, LaconicError } from '../../../system/errors.js';
import { runOrFail } from '../../../system/process/process.js';
import type { ClusterApi } from '../api/api.js';
import { ClusterError } from '../api/errors.js';
import type { KindCluster } from './clusters.js';
import { pause } from '../../../system/process/pause.js';

/** Port of the API server in a node's container. */
const apiPort = 6443;

/**
 * Ensures that the operator's kubeconfig ($KUBECONFIG, else ~/.kube/config) has the context of this cluster: it is
 * rewritten if it is missing, or belongs to an earlier cluster of that name.
 */
export async function ensureKubeContext(cluster: KindCluster, engine: Engine, context: Context): Promise<void> {
  const { readKubeconfig, defaultKubeconfigFiles } = await import('../api/kubeconfig.js');
  const config = await readKubeconfig(defaultKubeconfigFiles(context.env));
  const name = `kind-${cluster.name}`;
  const known = config?.getContexts().find((each) => each.name === name);
  const server = config?.getClusters().find((each) => each.name === known?.cluster)?.server;
  const controlPlanes = cluster.nodes.filter(({ controlPlane }) => controlPlane);
  const [node] = controlPlanes;
  if (node === undefined) throw new LaconicError(`the kind cluster ${cluster.name} has no control plane`);
  // Several control planes are behind a load balancer in another container, which has the published port.
  if (server !== undefined && controlPlanes.length > 1) return;
  const { ports } = await wiringOf(engine, node.id);
  const port = ports.find(({ containerPort }) => containerPort === apiPort)?.hostPort;
  if (server !== undefined && port !== undefined && new URL(server).port === String(port)) return;
  await exportKubeContext(cluster.name, context);
}

/** Writes the context of a kind cluster into the operator's kubeconfig. */
async function exportKubeContext(cluster: string, { env, signal, report }: Context): Promise<void> {
  const what = `cannot get the kubeconfig of the kind cluster ${cluster}`;
  await runOrFail(what, 'kind', ['export', 'kubeconfig', '--name', cluster], { env, signal });
  report.info(`wrote the context kind-${cluster} into the kubeconfig`);
}

/**
 * Waits until the API server reports that it is ready.
 * @param seconds how long at most
 * @throws ClusterError with its last answer
 */
export async function awaitApiServer(api: ClusterApi, seconds: number, { report, signal }: Context): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    try {
      await api.text('/readyz');
      return;
    } catch (error) {
      if (!(error instanceof ClusterError) || !passesByItself(error)) throw error;
      if (signal.aborted) throw new InterruptedError();
      if (Date.now() >= deadline) {
        throw new LaconicError(`the API server was not ready within ${seconds} s: ${error.message}`, {
          hint: 'look at its node: docker ps --all --filter label=io.x-k8s.kind.cluster; docker logs <node>; docker restart <node>',
          cause: error,
        });
      }
      report.verbose(`waiting for the API server: ${error.message}`);
    }
    await pause(500, signal);
  }
}

/**
 * Whether an error is temporary: no answer, or one of an API server that is not ready; certificates do not change. A
 * server that has just started does not know permissions yet.
 */
function passesByItself({ status, cause }: ClusterError): boolean {
  if (status !== undefined) return status >= 500 || status === 403;
  return !(cause instanceof Error && 'code' in cause && /CERT|SIGNATURE|ISSUER/.test(String(cause.code)));
}

import type { KubeConfig } from '@kubernetes/client-node';
import type { Context } from '../../../system/context.js';
import { LaconicError } from '../../../system/errors.js';
import type { ClusterApi } from './api.js';
import { type ChosenContext, chooseContext, defaultKubeconfigFiles, readKubeconfig } from './kubeconfig.js';
import { createClusterApi } from './client.js';
import { HttpTransport } from './transport.js';

/** The cluster a deployment belongs to. No other cluster is ever used for it. */
export type ClusterTarget =
  | { kind: 'k8s-kind' /** The kind cluster's name. */; cluster: string }
  | { kind: 'k8s' /** `<dir>/kubeconfig.yml`. */; kubeconfig: string };

/** A connection to one cluster. Creating it sends nothing to the server. */
export interface Connection {
  readonly api: ClusterApi;
  /** For requests of the client library itself (exec); its current context is this connection's. */
  readonly kubeConfig: KubeConfig;
}

/**
 * Finds the deployment's cluster: on kind the context `kind-<cluster>` of the default kubeconfig, elsewhere the current
 * context of the deployment's own kubeconfig. This module loads the client library: import it with `await import()`.
 * @param seconds limit for each answer (`--wait-timeout`); absent: the default for requests
 * @throws LaconicError if the file or the context is missing
 */
export async function connectCluster(target: ClusterTarget, context: Context): Promise<Connection> {
  const chosen =
    target.kind === 'k8s-kind' ? await kindContext(target.cluster, context.env) : await ownContext(target.kubeconfig);
  const transport = new HttpTransport(
    chosen.config,
    chosen.server,
    context.signal,
    context.report,
    context.answerSeconds,
  );
  const description = `context ${chosen.context} (${chosen.server})`;
  return {
    api: createClusterApi(transport, description, context.signal, (text) => context.report.warn(text)),
    kubeConfig: chosen.config,
  };
}

async function kindContext(cluster: string, env: NodeJS.ProcessEnv): Promise<ChosenContext> {
  const files = defaultKubeconfigFiles(env);
  const source = files.join(', ');
  const hint = `write it with: kind export kubeconfig --name ${cluster}`;
  const config = await readKubeconfig(files);
  if (config === undefined) throw new LaconicError(`there is no kubeconfig ${source}`, { hint });
  return chooseContext(config, `kind-${cluster}`, source, hint);
}

async function ownContext(file: string): Promise<ChosenContext> {
  const hint = "it is copied from the spec's kube-config: correct that file and run deploy create --update";
  const config = await readKubeconfig([file]);
  if (config === undefined) throw new LaconicError(`there is no kubeconfig ${file}`, { hint });
  const current = config.getCurrentContext() as string | undefined;
  if (current === undefined || current === '') {
    throw new LaconicError(`${file} has no current-context`, { hint });
  }
  return chooseContext(config, current, file, hint);
}

import type { Deployment } from '../../../deployment/access/open.js';
import { connectEngine } from '../../../engine/connect.js';
import type { SecretCopy } from '../../../spec/lost-secrets.js';
import type { Context } from '../../../system/context.js';
import { mapOf } from '../../../system/plain-map.js';
import { ownerOf } from '../apply/ownership.js';
import { resources } from '../api/resources.js';
import { apiOf, clusterOf } from '../api/deployment-cluster.js';
import { listKindClusters } from '../kind/clusters.js';
import { generatedSecretsName } from '../objects/common/names.js';
import { identityOf } from './prepare.js';

/**
 * Returns the values in the deployment's Secret of generated secrets; undefined if there is none, or no kind cluster
 * yet. The Python program's Secret, without our label, does not count: no pod ever read it.
 * @throws LaconicError if the engine or the API server does not answer
 */
export async function generatedSecretsOf(deployment: Deployment, context: Context): Promise<SecretCopy | undefined> {
  const target = clusterOf(deployment);
  if (target.kind === 'k8s-kind') {
    const clusters = await listKindClusters(await connectEngine(context));
    if (!clusters.some(({ name }) => name === target.cluster)) return undefined;
  }
  const identity = identityOf(deployment);
  const name = generatedSecretsName(identity.deploymentId);
  const api = await apiOf(target, context);
  const live = await api.get(resources.Secret, name, identity.namespace);
  if (live === undefined || ownerOf(live, identity).kind !== 'ours') return undefined;
  const values = Object.entries(mapOf(live.data)).map(
    ([key, value]) => [key, Buffer.from(String(value), 'base64').toString()] as const,
  );
  const command = `kubectl get secret ${name} --namespace ${identity.namespace} --output yaml`;
  return { place: `the Secret ${name} of the cluster (${command})`, values: new Map(values) };
}

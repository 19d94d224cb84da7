import type { ObjectsInput } from './input.js';
import { clusterMetadata } from './metadata.js';
import type { KubernetesObject } from './object.js';

/** The path of the deployment directory, as the Python program wrote it; whose the namespace is says the label (decision 20). */
const deploymentDirectoryAnnotation = 'laconic.com/deployment-dir';

/** The deployment's namespace (04 §4.1, decision 20). */
export function namespaceObject(input: ObjectsInput): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      ...clusterMetadata(input, input.namespace),
      annotations: { [deploymentDirectoryAnnotation]: input.directory },
    },
  };
}

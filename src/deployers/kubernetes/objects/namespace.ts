import { directoryAnnotation } from './annotations.js';
import type { ObjectsInput } from './input.js';
import { clusterMetadata } from './metadata.js';
import type { KubernetesObject } from './object.js';

/** The deployment's namespace (04 §4.1); whose it is says the label, not the annotation (decision 20). */
export function namespaceObject(input: ObjectsInput): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      ...clusterMetadata(input, input.namespace),
      annotations: { [directoryAnnotation]: input.directory },
    },
  };
}

import { directoryAnnotation } from './annotations.js';
import type { ObjectsInput } from './input.js';
import { clusterMetadata } from './metadata.js';
import type { KubernetesObject } from './object.js';

/** The deployment's namespace; whose it is says the label, not the annotation. */
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

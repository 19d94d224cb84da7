import { directoryAnnotation } from './annotations.js';
import type { ObjectsInput } from './input.js';
import { clusterMetadata } from './metadata.js';
import type { KubernetesObject } from './object.js';

/** The deployment's namespace; its label, not the annotation, shows the owner. */
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

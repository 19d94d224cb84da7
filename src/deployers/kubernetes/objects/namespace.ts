import { directoryAnnotation } from './workloads/annotations.js';
import type { ObjectsInput } from './common/input.js';
import { clusterMetadata } from './common/metadata.js';
import type { KubernetesObject } from './common/object.js';

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

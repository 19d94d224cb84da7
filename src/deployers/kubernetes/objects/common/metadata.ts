import type { ObjectsInput } from './input.js';
import { standardLabels } from './labels.js';
import type { ObjectMeta } from './object.js';

/** Metadata of an object in the deployment's namespace: its name and the standard labels, plus any further ones. */
export function metadata(
  input: Pick<ObjectsInput, 'deploymentId' | 'stack' | 'podFiles' | 'namespace'>,
  name: string,
  labels: Record<string, string> = {},
): ObjectMeta & { labels: Record<string, string> } {
  return { name, namespace: input.namespace, labels: { ...standardLabels(input), ...labels } };
}

/** The same for a cluster-scoped object. */
export function clusterMetadata(
  input: Pick<ObjectsInput, 'deploymentId' | 'stack' | 'podFiles'>,
  name: string,
  labels: Record<string, string> = {},
): ObjectMeta {
  return { name, labels: { ...standardLabels(input), ...labels } };
}

import { directoryAnnotation } from '../objects/workloads/annotations.js';
import { deploymentIdLabel, stackLabel } from '../objects/common/labels.js';
import type { Identity } from '../objects/common/identity.js';
import { labelValue } from '../objects/common/names.js';
import type { KubernetesObject } from '../objects/common/object.js';
import type { LiveObject } from '../api/api.js';

/**
 * The owner of an object: `ours` is this deployment, `legacy` this deployment as the Python program created it, without
 * our label, `other` the deployment with this id. Of a `foreign` object the owner is not known.
 */
export type Owner = { kind: 'ours' } | { kind: 'legacy' } | { kind: 'other'; id: string } | { kind: 'foreign' };

/** Whether this deployment owns it, whichever program created it. */
export function isOurs({ kind }: Owner): boolean {
  return kind === 'ours' || kind === 'legacy';
}

/** Returns the owner of an object that is not a namespace, by its labels and name. */
export function ownerOf(object: KubernetesObject, identity: Identity): Owner {
  const labels = object.metadata.labels ?? {};
  const id = labels[deploymentIdLabel];
  if (id !== undefined) return id === labelValue(identity.deploymentId) ? { kind: 'ours' } : { kind: 'other', id };
  // The Python program's Secrets have no labels; their names begin with the id, which is unique.
  if (labels.app === labelValue(identity.deploymentId)) return { kind: 'legacy' };
  if (labels.app === undefined && object.metadata.name.startsWith(`${identity.deploymentId}-`))
    return { kind: 'legacy' };
  if (labels.app !== undefined && labels[stackLabel] !== undefined) return { kind: 'other', id: labels.app };
  return { kind: 'foreign' };
}

/**
 * Returns the owner of a namespace: our label; else the Python program's `app` label or directory (the label first,
 * since the directory may have been moved). One without any mark was created by hand, for a future deployment:
 * `foreign`.
 */
export function namespaceOwner(namespace: LiveObject, identity: Identity): Owner {
  const labels = namespace.metadata.labels ?? {};
  const id = labels[deploymentIdLabel] ?? labels.app;
  const directory = namespace.metadata.annotations?.[directoryAnnotation] ?? '';
  if (labels[deploymentIdLabel] === labelValue(identity.deploymentId)) return { kind: 'ours' };
  if (id === labelValue(identity.deploymentId)) return { kind: 'legacy' };
  if (labels[deploymentIdLabel] !== undefined) return { kind: 'other', id: labels[deploymentIdLabel] };
  if (directory === identity.directory) return { kind: 'legacy' };
  if (directory !== '') return { kind: 'other', id: id ?? 'unknown' };
  return { kind: 'foreign' };
}

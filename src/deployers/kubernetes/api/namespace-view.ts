import type { ClusterApi, LiveObject } from './api.js';
import { hiddenIfForbidden } from './errors.js';
import { resources } from './resources.js';

/**
 * A namespace as seen by the account; undefined if it does not exist. `hidden`: the account may not read it, such as
 * one with rights in the namespace only; it is then assumed to exist, and the server reports it if not.
 */
export type NamespaceView = LiveObject | 'hidden' | undefined;

/** @throws ClusterError */
export function viewNamespace(api: ClusterApi, name: string): Promise<NamespaceView> {
  return api.get(resources.Namespace, name).catch(hiddenIfForbidden);
}

import type { ClusterApi, LiveObject } from './api.js';
import { isForbidden } from './errors.js';
import { resources } from './resources.js';

/**
 * A namespace as the account sees it: undefined where there is none. `hidden`: the account may not look, as one that
 * has rights in the namespace only; then it is taken to be there, and the server says so if it is not.
 */
export type NamespaceView = LiveObject | 'hidden' | undefined;

/** @throws ClusterError */
export async function viewNamespace(api: ClusterApi, name: string): Promise<NamespaceView> {
  try {
    return await api.get(resources.Namespace, name);
  } catch (error) {
    if (isForbidden(error)) return 'hidden';
    throw error;
  }
}

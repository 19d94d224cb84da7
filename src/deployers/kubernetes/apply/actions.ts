import type { KubernetesObject } from '../objects/common/object.js';
import type { LiveObject } from '../api/api.js';

/**
 * What is done for one wanted object. `object` is what is sent, including its hash annotation.
 * - `create`: it does not exist; with `after`, an object of that name is being deleted and its deletion is awaited
 *   first
 * - `apply`: it exists, differs in `changed` and still has the fields `removed` of an earlier apply; with `adopt`, the
 *   Python program's client created it
 * - `replace`: it cannot be changed to what is wanted: it is deleted, its deletion awaited, and it is recreated
 * - `label`: its spec is never changed (PV, PVC, Job), only its labels are set
 * - `keep`: nothing to do
 */
export type Action =
  | { readonly do: 'create'; readonly object: KubernetesObject; readonly after?: LiveObject }
  | {
      readonly do: 'apply';
      readonly object: KubernetesObject;
      readonly live: LiveObject;
      readonly changed: readonly string[];
      readonly removed: readonly string[];
      readonly adopt: boolean;
    }
  | { readonly do: 'replace'; readonly object: KubernetesObject; readonly live: LiveObject; readonly why: string }
  | { readonly do: 'label'; readonly object: KubernetesObject; readonly live: LiveObject; readonly release: boolean }
  | { readonly do: 'keep'; readonly object: KubernetesObject; readonly live: LiveObject };

/** An object that is no longer wanted. */
export interface Removal {
  readonly live: LiveObject;
  /** `first`: it uses a claim that the new set uses, so it is deleted, with its pods, before anything new starts. */
  readonly when: 'first' | 'last';
}

import type { KubernetesObject } from '../objects/object.js';
import type { LiveObject } from './api.js';

/**
 * What becomes of one wanted object. `object` is what is sent, its hash annotation in it.
 *
 * - `create`: it is not there; with `after`, one of that name is just being deleted and is awaited first
 * - `apply`: it is there and differs in `changed`; with `adopt`, the Python program's client made it
 * - `replace`: it is there and cannot become what is wanted: it is deleted, awaited, and made anew
 * - `label`: it is never changed (PV, PVC, Job), only marked as ours
 * - `keep`: nothing to do
 */
export type Action =
  | { readonly do: 'create'; readonly object: KubernetesObject; readonly after?: LiveObject }
  | {
      readonly do: 'apply';
      readonly object: KubernetesObject;
      readonly live: LiveObject;
      readonly changed: readonly string[];
      readonly adopt: boolean;
    }
  | { readonly do: 'replace'; readonly object: KubernetesObject; readonly live: LiveObject; readonly why: string }
  | { readonly do: 'label'; readonly object: KubernetesObject; readonly live: LiveObject; readonly release: boolean }
  | { readonly do: 'keep'; readonly object: KubernetesObject; readonly live: LiveObject };

/** An object that left the set. */
export interface Removal {
  readonly live: LiveObject;
  /** `first`: it works on a claim that the new set uses, so it and its pods go before anything new starts. */
  readonly when: 'first' | 'last';
}

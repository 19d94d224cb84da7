import type { Readable } from 'node:stream';
import type { KubernetesObject } from '../objects/object.js';

/** A kind of object: where its objects are found. */
export interface ResourceType {
  apiVersion: string;
  kind: string;
  /** `deployments`: the last part of the path. */
  plural: string;
  namespaced: boolean;
}

/** An object as the API server returns it. */
export type LiveObject = KubernetesObject & {
  metadata: KubernetesObject['metadata'] & { uid: string; resourceVersion: string };
};

export interface ListQuery {
  /** Absent: all namespaces, or an object of the cluster. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

export interface ApplyOptions {
  fieldManager: string;
  force: boolean;
  dryRun?: boolean;
}

export interface DeleteOptions {
  /** Only the very object with this uid is deleted. */
  uid?: string;
  propagation?: 'Foreground' | 'Background' | 'Orphan';
  /** Seconds a pod may take to end; absent: what the pod says. */
  graceSeconds?: number;
}

export interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  object: LiveObject;
}

/**
 * One cluster's API server. Every method throws a ClusterError that names the object, what was tried and the server's
 * own words; `signal` of the context ends them all.
 */
export interface ClusterApi {
  /** What messages call the cluster: context and server. */
  readonly description: string;
  get(type: ResourceType, name: string, namespace?: string): Promise<LiveObject | undefined>;
  list(type: ResourceType, query: ListQuery): Promise<LiveObject[]>;
  /** Server-side apply. */
  apply(object: KubernetesObject, options: ApplyOptions): Promise<LiveObject>;
  /** @param dryRun the server checks it and makes nothing */
  create(object: KubernetesObject, fieldManager: string, dryRun?: boolean): Promise<LiveObject>;
  /** JSON merge patch, or a JSON patch when given a list. */
  patch(
    type: ResourceType,
    name: string,
    namespace: string | undefined,
    patch: object,
    fieldManager: string,
  ): Promise<LiveObject>;
  /** False when it was gone already. */
  delete(type: ResourceType, name: string, namespace: string | undefined, options?: DeleteOptions): Promise<boolean>;
  /**
   * Lists, then follows; ends when `signal` is aborted. Reconnects and lists again where the server closes the watch.
   */
  watch(type: ResourceType, query: ListQuery, signal: AbortSignal): AsyncIterable<WatchEvent>;
  /** Asks the server about ourselves: a POST that stores nothing. @param plural the last part of its path */
  review(question: KubernetesObject, plural: string): Promise<KubernetesObject>;
  /** A GET of any path (pod logs, /version), as text. */
  text(path: string, query?: Record<string, string>): Promise<string>;
  /** The same as it comes, for what is followed (pod logs); `signal` ends it. */
  stream(path: string, query: Record<string, string>, signal: AbortSignal): Promise<Readable>;
}

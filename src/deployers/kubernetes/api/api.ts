import type { Readable } from 'node:stream';
import type { KubernetesObject } from '../objects/common/object.js';

/** A kind of object and where its objects are on the server. */
export interface ResourceType {
  apiVersion: string;
  kind: string;
  /** The last part of the path, such as `deployments`. */
  plural: string;
  namespaced: boolean;
}

/** An object as the API server returns it. */
export type LiveObject = KubernetesObject & {
  metadata: KubernetesObject['metadata'] & { uid: string; resourceVersion: string };
};

export interface ListQuery {
  /** Absent: all namespaces, or a cluster-scoped object. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

export interface ServerSideApplyOptions {
  fieldManager: string;
  force: boolean;
  dryRun?: boolean;
}

export interface DeleteOptions {
  /** Only an object with this uid is deleted. */
  uid?: string;
  propagation?: 'Foreground' | 'Background' | 'Orphan';
  /** Seconds for a pod to end; absent: its own grace period. */
  graceSeconds?: number;
}

export interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  object: LiveObject;
}

/**
 * The API server of one cluster. Every method throws a ClusterError with the object, the request and the server's
 * message; the `signal` of the context aborts them all.
 */
export interface ClusterApi {
  /** Describes the cluster in messages: context and server. */
  readonly description: string;
  get(type: ResourceType, name: string, namespace?: string): Promise<LiveObject | undefined>;
  list(type: ResourceType, query: ListQuery): Promise<LiveObject[]>;
  /** Server-side apply. */
  apply(object: KubernetesObject, options: ServerSideApplyOptions): Promise<LiveObject>;
  /** @param dryRun the server validates it without creating it */
  create(object: KubernetesObject, fieldManager: string, dryRun?: boolean): Promise<LiveObject>;
  /** JSON merge patch, or a JSON patch for a list. */
  patch(
    type: ResourceType,
    name: string,
    namespace: string | undefined,
    patch: object,
    fieldManager: string,
  ): Promise<LiveObject>;
  /** Returns false if it did not exist. */
  delete(type: ResourceType, name: string, namespace: string | undefined, options?: DeleteOptions): Promise<boolean>;
  /** Lists, then follows; ends when `signal` is aborted. Reconnects and lists again if the server closes the watch. */
  watch(type: ResourceType, query: ListQuery, signal: AbortSignal): AsyncIterable<WatchEvent>;
  /** Sends a review of this account: a POST that stores nothing. @param plural the last part of its path */
  review(question: KubernetesObject, plural: string): Promise<KubernetesObject>;
  /** A GET of any path (pod logs, /version), as text. */
  text(path: string, query?: Record<string, string>): Promise<string>;
  /** The same as a stream, for followed output (pod logs); `signal` ends it. */
  stream(path: string, query: Record<string, string>, signal: AbortSignal): Promise<Readable>;
}

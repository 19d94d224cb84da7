/** A Kubernetes object as it is sent to the API server: plain data. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [section: string]: unknown;
}

export interface ObjectMeta {
  name: string;
  /** Absent for what belongs to the whole cluster. */
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  [field: string]: unknown;
}

/** `Deployment laconic-f3abcdxy-deployment`: how messages call an object. */
export function describeObject(object: { kind: string; metadata: { name: string } }): string {
  return `${object.kind} ${object.metadata.name}`;
}

import { listOf, mapOf } from '../../../../system/plain-map.js';

/** A Kubernetes object as sent to the API server: plain data. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [section: string]: unknown;
}

export interface ObjectMeta {
  name: string;
  /** Absent for cluster-scoped objects. */
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  [field: string]: unknown;
}

/** Formats an object for messages: `Deployment laconic-f3abcdxy-deployment`. */
export function describeObject(object: { kind: string; metadata: { name: string } }): string {
  return `${object.kind} ${object.metadata.name}`;
}

/** The pod spec of a pod, or of a workload's template; empty for other objects. Fields are not checked. */
export function podSpecOf({ kind, spec }: { kind?: string; spec?: unknown }): Readonly<Record<string, unknown>> {
  return kind === 'Pod' ? mapOf(spec) : mapOf(mapOf(mapOf(spec).template).spec);
}

/** The containers of an object's pods, init containers first. */
export function podContainers(object: { kind?: string; spec?: unknown }): Readonly<Record<string, unknown>>[] {
  const { initContainers, containers } = podSpecOf(object);
  return [initContainers, containers].flatMap(listOf).map((container) => mapOf(container));
}

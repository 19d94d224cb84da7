import { isDeepStrictEqual } from 'node:util';

/** The parts of API objects that decide about readiness or are shown to operators. */

export interface Meta {
  name: string;
  namespace?: string;
  uid: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: { kind: string; name: string; uid: string; controller?: boolean }[];
}

export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string | null;
}

export interface ContainerStateFacts {
  waiting?: { reason?: string; message?: string };
  running?: { startedAt?: string };
  terminated?: { exitCode: number; reason?: string; message?: string; finishedAt?: string };
}

export interface ContainerStatusFacts {
  name: string;
  image: string;
  ready: boolean;
  started?: boolean | null;
  restartCount: number;
  state?: ContainerStateFacts;
  lastState?: ContainerStateFacts;
}

export interface ContainerSpecFacts {
  name: string;
  image?: string;
  ports?: { containerPort: number; protocol?: string }[];
  readinessProbe?: unknown;
  /** `Always` on an init container: it keeps running beside the others. */
  restartPolicy?: string;
}

export interface PodFacts {
  metadata: Meta;
  spec: {
    containers: ContainerSpecFacts[];
    initContainers?: ContainerSpecFacts[];
    nodeName?: string;
    hostNetwork?: boolean;
    volumes?: { name: string; persistentVolumeClaim?: { claimName: string } }[];
  };
  status?: {
    phase?: string;
    reason?: string;
    message?: string;
    podIP?: string;
    hostIP?: string;
    conditions?: Condition[];
    containerStatuses?: ContainerStatusFacts[];
    initContainerStatuses?: ContainerStatusFacts[];
  };
}

export interface DeploymentFacts {
  metadata: Meta;
  spec: { replicas?: number; template?: PodTemplate };
  status?: {
    observedGeneration?: number;
    replicas?: number;
    updatedReplicas?: number;
    readyReplicas?: number;
    availableReplicas?: number;
    conditions?: Condition[];
  };
}

/** The template of pods. */
export interface PodTemplate {
  metadata?: { labels?: Record<string, string> };
  spec?: { containers?: { readinessProbe?: object }[] };
}

export interface ReplicaSetFacts {
  metadata: Meta;
  spec?: { template?: PodTemplate };
  status?: { conditions?: Condition[] };
}

export interface JobFacts {
  metadata: Meta;
  spec: { completions?: number };
  status?: { active?: number; succeeded?: number; failed?: number; conditions?: Condition[] };
}

export interface ClaimFacts {
  metadata: Meta;
  spec: { storageClassName?: string; volumeName?: string };
  status?: { phase?: string; capacity?: { storage?: string } };
}

export interface VolumeFacts {
  metadata: Meta;
  spec: { storageClassName?: string; claimRef?: { namespace?: string; name?: string; uid?: string } };
  status?: { phase?: string };
}

export interface EventFacts {
  metadata: Meta;
  involvedObject: { kind?: string; name?: string; uid?: string; fieldPath?: string };
  type?: string;
  reason?: string;
  message?: string;
  count?: number;
  firstTimestamp?: string | null;
  lastTimestamp?: string | null;
  eventTime?: string | null;
  series?: { count?: number; lastObservedTime?: string };
}

/** Returns the condition of this type if it is `True`, or has the given status. */
export function conditionOf(
  object: { status?: { conditions?: Condition[] } },
  type: string,
  status = 'True',
): Condition | undefined {
  return object.status?.conditions?.find((one) => one.type === type && one.status === status);
}

/** Whether `owner` is an owner of this object. */
export function isOwnedBy(object: { metadata: Meta }, owner: { metadata: Meta }): boolean {
  return object.metadata.ownerReferences?.some((one) => one.uid === owner.metadata.uid) ?? false;
}

/**
 * Whether a ReplicaSet has its Deployment's current template, apart from the hash that the controller adds to the
 * labels.
 */
export function isPresentSet(set: ReplicaSetFacts, { spec }: DeploymentFacts): boolean {
  return isDeepStrictEqual(withoutHash(set.spec?.template), withoutHash(spec.template));
}

function withoutHash(template: PodTemplate = {}): PodTemplate {
  const labels = { ...template.metadata?.labels };
  delete labels['pod-template-hash'];
  return { ...template, metadata: { ...template.metadata, labels } };
}

/**
 * Whether a pod's status is from before its node was restarted: with a container that cannot be running any more.
 * @param nodesStartedAt milliseconds since 1970
 */
export function isFromBefore({ status }: PodFacts, nodesStartedAt: number): boolean {
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return containers.some(({ state }) => {
    const since = state?.running?.startedAt;
    // The server's times are truncated to whole seconds.
    return since !== undefined && Date.parse(since) + 1000 <= nodesStartedAt;
  });
}

/** When an event was last seen, in milliseconds; 0 if unknown. */
export function eventTime(event: EventFacts): number {
  const text =
    event.series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp;
  return text === undefined ? 0 : Date.parse(text);
}

/** Two controllers wrote the same object at the same time: one of them retries. */
export const triedAgain = /the object has been modified; please apply your changes to the latest version/;

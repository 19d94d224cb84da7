import type { LiveObject } from '../../../../../src/deployers/kubernetes/api/api.js';
import type {
  ClaimFacts,
  Condition,
  ContainerStatusFacts,
  DeploymentFacts,
  EventFacts,
  JobFacts,
  PodFacts,
  ReplicaSetFacts,
  VolumeFacts,
} from '../../../../../src/deployers/kubernetes/ready/api-types.js';
import { WatchCache } from '../../../../../src/deployers/kubernetes/ready/watch-cache.js';

/** Objects as the API server returns them, for one Deployment `web` with a ReplicaSet and a pod. */
export function deployment(status: DeploymentFacts['status'] = {}, generation = 1): DeploymentFacts {
  return {
    metadata: { name: 'web', uid: 'd', generation },
    spec: { replicas: 1, template: templateOf('present') },
    status: { observedGeneration: generation, ...status },
  };
}

export const rolledOut = { replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 };

function templateOf(version: string): NonNullable<DeploymentFacts['spec']['template']> {
  return { metadata: { labels: { version } } };
}

/** @param conditions of the Deployment's status */
export function replicaSet(uid = 'r', version = 'present', conditions: Condition[] = []): ReplicaSetFacts {
  const template = templateOf(version);
  return {
    metadata: {
      name: `web-${uid}`,
      uid,
      ownerReferences: [{ kind: 'Deployment', name: 'web', uid: 'd', controller: true }],
    },
    spec: { template: { metadata: { labels: { ...template.metadata?.labels, 'pod-template-hash': uid } } } },
    status: { conditions },
  };
}

/** A ready pod. */
export function readyPod(startedAt = '2026-01-01T00:00:00Z', shape: PodShape = {}): PodFacts {
  const containerStatuses = [container({ ready: true, state: { running: { startedAt } } })];
  const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }], containerStatuses };
  return pod({ ...shape, status });
}

interface PodShape {
  name?: string;
  owner?: { kind: string; uid: string };
  status?: PodFacts['status'];
  spec?: Partial<PodFacts['spec']>;
  deleted?: boolean;
}

export function pod({
  name = 'web-r-1',
  owner = { kind: 'ReplicaSet', uid: 'r' },
  status,
  spec,
  deleted,
}: PodShape): PodFacts {
  return {
    metadata: {
      name,
      uid: `uid-${name}`,
      creationTimestamp: '2026-01-01T00:00:00Z',
      ownerReferences: [{ name: 'owner', ...owner }],
      ...(deleted === true ? { deletionTimestamp: '2026-01-01T00:01:00Z' } : {}),
    },
    spec: { containers: [{ name: 'app', image: 'app:1' }], ...spec },
    ...(status === undefined ? {} : { status }),
  };
}

export function container(changes: Partial<ContainerStatusFacts>): ContainerStatusFacts {
  return { name: 'app', image: 'app:1', ready: false, restartCount: 0, ...changes };
}

/** A pod whose only container is in this state. */
export function podWith(changes: Partial<ContainerStatusFacts>, shape: PodShape = {}): PodFacts {
  return pod({ ...shape, status: { phase: 'Pending', containerStatuses: [container(changes)] } });
}

export function waiting(reason: string, message?: string): Partial<ContainerStatusFacts> {
  return { state: { waiting: { reason, ...(message === undefined ? {} : { message }) } } };
}

export function crashing(restartCount: number): Partial<ContainerStatusFacts> {
  return { ...waiting('CrashLoopBackOff'), restartCount, lastState: { terminated: { exitCode: 3 } } };
}

export function job(status: JobFacts['status'] = {}): JobFacts {
  return { metadata: { name: 'seed', uid: 'j' }, spec: {}, status };
}

export function claim(spec: ClaimFacts['spec'] = {}, phase = 'Pending'): ClaimFacts {
  return { metadata: { name: 'data', namespace: 'ns', uid: 'c' }, spec, status: { phase } };
}

export function volume(name: string, claimRef?: VolumeFacts['spec']['claimRef']): VolumeFacts {
  return {
    metadata: { name, uid: `v-${name}` },
    spec: claimRef === undefined ? {} : { claimRef },
    status: { phase: 'Available' },
  };
}

export function event(
  about: string,
  reason: string,
  message = reason,
  lastTimestamp = '2026-01-01T00:00:10Z',
): EventFacts {
  return {
    metadata: { name: `e-${about}-${reason}-${message}`, uid: `e-${about}-${reason}-${message}` },
    involvedObject: { uid: about, fieldPath: 'spec.containers{app}' },
    type: 'Warning',
    reason,
    message,
    lastTimestamp,
  };
}

/** A watch cache that contains these objects. */
export function worldOf(objects: Partial<Record<string, readonly { metadata: { name: string } }[]>>): WatchCache {
  const world = new WatchCache();
  for (const [kind, list] of Object.entries(objects)) {
    for (const object of list ?? []) {
      world.note({ type: 'ADDED', object: { apiVersion: 'v1', kind, ...object } as unknown as LiveObject });
    }
  }
  return world;
}

import type { ContainerStatus, PodStatus, PublishedPort } from '../../status.js';
import { containersOf, lastingContainersOf } from '../ready/pod.js';
import { endOf, oneLine } from '../ready/container.js';
import type { ContainerSpecFacts, ContainerStatusFacts, PodFacts } from '../ready/api-types.js';
import { hostNetworkPorts, nodePorts, type ServiceFacts } from './published.js';
import { isJobPod, type Snapshot } from './snapshot.js';

/** Returns the pods of a deployment, with those of jobs. */
export function podStatuses({ pods, services }: Pick<Snapshot, 'pods' | 'services'>): PodStatus[] {
  return pods.map((pod) => {
    const all = containersOf(pod);
    const lasting = lastingContainersOf(pod);
    const { creationTimestamp: createdAt, deletionTimestamp: deletedAt, name } = pod.metadata;
    return {
      name,
      state: deletedAt === undefined ? (pod.status?.phase ?? 'Unknown') : 'Terminating',
      running: deletedAt === undefined && all.some(({ status, init }) => !init && status?.state?.running !== undefined),
      ready: `${lasting.filter(({ status }) => status?.ready).length}/${lasting.length}`,
      restarts: all.reduce((sum, { status }) => sum + (status?.restartCount ?? 0), 0),
      ...(isJobPod(pod) ? { job: true } : {}),
      ip: pod.status?.podIP,
      ports: [...new Set(lasting.flatMap(({ spec }) => (spec.ports ?? []).map((port) => port.containerPort)))],
      nodePorts: nodePorts(services, pod),
      node: pod.spec.nodeName,
      createdAt,
      deletedAt,
      reasons: all.map(({ status }) => troubleOf(status)).filter((text) => text !== undefined),
    };
  });
}

/** Returns why a container does not run, in a few words; undefined if it runs or is only being started. */
function troubleOf(status: ContainerStatusFacts | undefined): string | undefined {
  const { waiting, terminated } = status?.state ?? {};
  if (waiting?.reason !== undefined && !/^(ContainerCreating|PodInitializing)$/.test(waiting.reason)) {
    return `${status?.name ?? ''}: ${waiting.reason}`;
  }
  if (terminated !== undefined && terminated.exitCode !== 0) return `${status?.name ?? ''}: ${endOf(terminated)}`;
  return undefined;
}

/** Returns every container of the pods. */
export function containerStatuses({
  namespace,
  pods,
  services,
}: Pick<Snapshot, 'namespace' | 'pods' | 'services'>): ContainerStatus[] {
  return pods.flatMap((pod) =>
    containersOf(pod).map(({ spec, status }): ContainerStatus => {
      const { running, terminated, waiting } = status?.state ?? {};
      const ended = terminated ?? (waiting === undefined ? undefined : status?.lastState?.terminated);
      const state = stateOf(status);
      const health = spec.readinessProbe === undefined || state !== 'running' ? undefined : status?.ready;
      return {
        id: `${namespace}/${pod.metadata.name}/${spec.name}`,
        name: pod.metadata.name,
        service: spec.name,
        image: spec.image ?? '',
        state,
        health: health === undefined ? undefined : health ? 'healthy' : 'starting',
        exitCode: ended?.exitCode,
        restarts: status?.restartCount ?? 0,
        reason: waiting && reasonOf(waiting),
        job: isJobPod(pod) || undefined,
        startedAt: running?.startedAt,
        ports: publishedPorts(pod, spec, services),
      };
    }),
  );
}

function publishedPorts(pod: PodFacts, spec: ContainerSpecFacts, services: readonly ServiceFacts[]): PublishedPort[] {
  const atNodes = [...hostNetworkPorts(pod, spec.name), ...nodePorts(services, pod)];
  const ip = pod.status?.hostIP;
  return (spec.ports ?? []).map(({ containerPort, protocol: written = 'TCP' }) => {
    const protocol = written.toLowerCase();
    const found = atNodes.find((one) => one.port === containerPort && one.protocol === protocol);
    const host = found === undefined || ip === undefined ? undefined : { ip, port: found.nodePort };
    return { containerPort, protocol, host };
  });
}

function reasonOf(waiting: { reason?: string; message?: string }): string {
  const message = oneLine(waiting.message);
  return [waiting.reason, message].filter((text) => text !== undefined && text !== '').join(': ');
}

function stateOf(status: ContainerStatusFacts | undefined): ContainerStatus['state'] {
  const { running, terminated, waiting } = status?.state ?? {};
  if (running !== undefined) return 'running';
  if (terminated !== undefined) return 'exited';
  return waiting?.reason === 'CrashLoopBackOff' ? 'restarting' : 'created';
}

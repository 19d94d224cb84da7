import type { ContainerStatus, PublishedPort } from '../../deployer.js';
import { containersOf, lastingContainersOf } from '../ready/pod.js';
import { endOf, oneLine } from '../ready/container.js';
import type { ContainerSpecFacts, ContainerStatusFacts, PodFacts } from '../ready/api-types.js';
import { hostNetworkPorts, nodePorts, type ServiceFacts } from './published.js';
import { isJobPod, type Snapshot } from './snapshot.js';

/**
 * Renders `ps` as text, every line ended by a newline: `id: NS/POD, name: POD, ports: IP:P->P, …` per pod with a
 * running container, followed by `node ports: N->P/tcp, …` if it has some; then the other pods with their state.
 * Without jobs.
 */
export function renderPods({ namespace, pods, services }: Pick<Snapshot, 'namespace' | 'pods' | 'services'>): string {
  const own = pods.filter((pod) => !isJobPod(pod));
  const running = own.filter(runs);
  const others = own.filter((pod) => !runs(pod));
  const lines = running.length === 0 ? ['No containers running'] : ['Running containers:'];
  for (const pod of running) {
    const atNodes = nodePorts(services, pod).map(({ nodePort, port, protocol }) => `${nodePort}->${port}/${protocol}`);
    const more = atNodes.length === 0 ? '' : `, node ports: ${atNodes.join(', ')}`;
    lines.push(`${head(namespace, pod)}, ports: ${portsOf(pod).join(', ')}${more}`);
  }
  if (others.length > 0) lines.push('Not running:');
  for (const pod of others) lines.push(`${head(namespace, pod)}, state: ${podState(pod)}`);
  return lines.map((line) => `${line}\n`).join('');
}

function head(namespace: string, { metadata }: PodFacts): string {
  return `id: ${namespace}/${metadata.name}, name: ${metadata.name}`;
}

function runs(pod: PodFacts): boolean {
  if (pod.metadata.deletionTimestamp !== undefined) return false;
  return containersOf(pod).some(({ status, init }) => !init && status?.state?.running !== undefined);
}

/** Each port once, regardless of protocols. */
function portsOf(pod: PodFacts): string[] {
  const numbers = lastingContainersOf(pod).flatMap(({ spec }) => (spec.ports ?? []).map((port) => port.containerPort));
  const ip = pod.status?.podIP ?? '';
  const shown = ip.includes(':') ? `[${ip}]` : ip;
  return [...new Set(numbers)].map((port) => `${shown}:${port}->${port}`);
}

/** Returns the phase of a pod, and the reason if a container is in trouble. */
export function podState(pod: PodFacts): string {
  if (pod.metadata.deletionTimestamp !== undefined) return 'Terminating';
  const phase = pod.status?.phase ?? 'Unknown';
  const reason = containersOf(pod)
    .map(({ status }) => troubleOf(status))
    .find((text) => text !== undefined);
  return reason === undefined ? phase : `${phase}, ${reason}`;
}

/** Returns why a container does not run, in a few words; undefined if it runs or is only being started. */
export function troubleOf(status: ContainerStatusFacts | undefined): string | undefined {
  const { waiting, terminated } = status?.state ?? {};
  if (waiting?.reason !== undefined && !/^(ContainerCreating|PodInitializing)$/.test(waiting.reason)) {
    return `${status?.name ?? ''}: ${waiting.reason}`;
  }
  if (terminated !== undefined && terminated.exitCode !== 0) return `${status?.name ?? ''}: ${endOf(terminated)}`;
  return undefined;
}

/** Returns every container of the pods, in the format of both targets (`ps` and `status --format json`). */
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
        id: `${namespace}/${pod.metadata.name}`,
        name: pod.metadata.name,
        service: spec.name,
        image: spec.image ?? '',
        state,
        ...(health === undefined ? {} : { health: health ? ('healthy' as const) : ('starting' as const) }),
        ...(ended === undefined ? {} : { exitCode: ended.exitCode }),
        restarts: status?.restartCount ?? 0,
        ...(waiting === undefined ? {} : { reason: reasonOf(waiting) }),
        ...(isJobPod(pod) ? { job: true } : {}),
        ...(running?.startedAt === undefined ? {} : { startedAt: running.startedAt }),
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
    const host = found === undefined || ip === undefined ? {} : { host: { ip, port: found.nodePort } };
    return { containerPort, protocol, ...host };
  });
}

function reasonOf(waiting: { reason?: string; message?: string }): string {
  const said = oneLine(waiting.message);
  return [waiting.reason, said].filter((text) => text !== undefined && text !== '').join(': ');
}

function stateOf(status: ContainerStatusFacts | undefined): ContainerStatus['state'] {
  const { running, terminated, waiting } = status?.state ?? {};
  if (running !== undefined) return 'running';
  if (terminated !== undefined) return 'exited';
  return waiting?.reason === 'CrashLoopBackOff' ? 'restarting' : 'created';
}

import { podState } from '../deployers/pod-state.js';
import type { ContainerList, ContainerStatus, PodStatus, PublishedPort } from '../deployers/status.js';
import { formatAddress } from '../system/address.js';
import { linesText } from './lines.js';

/**
 * Renders `ps` as text: the running containers (on Kubernetes, pods), then the others with their state. Scripts wait
 * for `Running containers:`, so it is printed only if one runs.
 */
export function psText({ containers, kubernetes }: ContainerList): string {
  const all =
    kubernetes === undefined
      ? containers.map((one) => ({ runs: one.state === 'running', line: containerLine(one) }))
      : kubernetes.pods.map((pod) => ({ runs: pod.running, line: podLine(kubernetes.namespace, pod) }));
  const running = all.filter(({ runs }) => runs).map(({ line }) => line);
  const others = all.filter(({ runs }) => !runs).map(({ line }) => line);
  return linesText([
    running.length === 0 ? 'No containers running' : 'Running containers:',
    ...running,
    ...(others.length === 0 ? [] : ['Not running:', ...others]),
  ]);
}

function containerLine({ id, name, state, ports, exitCode, health }: ContainerStatus): string {
  if (state === 'running') return `id: ${id}, name: ${name}, ports: ${ports.map(portText).join(', ')}`;
  const code = exitCode === undefined ? '' : `, exit code: ${exitCode}`;
  return `id: ${id}, name: ${name}, state: ${state}${code}${health === undefined ? '' : `, health: ${health}`}`;
}

function portText({ containerPort, protocol, host }: PublishedPort): string {
  const inside = `${containerPort}/${protocol}`;
  return host === undefined ? inside : `${formatAddress(host)}->${inside}`;
}

function podLine(namespace: string, pod: PodStatus): string {
  const { name, ip = '', ports, nodePorts } = pod;
  const head = `id: ${namespace}/${name}, name: ${name}`;
  if (!pod.running) return `${head}, state: ${podState(pod)}`;
  const inside = ports.map((port) => `${formatAddress({ ip, port })}->${port}`).join(', ');
  const atNodes = nodePorts.map(({ nodePort, port, protocol }) => `${nodePort}->${port}/${protocol}`).join(', ');
  return `${head}, ports: ${inside}${atNodes === '' ? '' : `, node ports: ${atNodes}`}`;
}

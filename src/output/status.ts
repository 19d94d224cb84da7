import { behindText } from '../deployment/directory/changed-sources.js';
import type { ContainerStatus, DeploymentStatus, PodStatus } from '../deployers/status.js';
import { formatAddress } from '../system/address.js';
import { linesText } from './lines.js';

/**
 * Renders `status` as text; empty if there is nothing. With Docker, a line for each container: `<name><TAB><state>`,
 * and after further tabs details of one that is unhealthy, exited, restarting or a job. On Kubernetes, blocks, of which
 * scripts read `Ingress:` and `Pods:`; the line of a pod may continue.
 */
export function statusText(status: DeploymentStatus): string {
  if (status.kubernetes !== undefined) return blocksOf(status, status.kubernetes);
  return linesText(status.containers.map((one) => [one.name, one.state, ...containerDetails(one)].join('\t')));
}

/** Returns what the text of `status` does not contain, because scripts read a line for each container. */
export function statusNotes({ behind, missing, kubernetes }: DeploymentStatus): string[] {
  const absent = kubernetes === undefined && missing.length > 0 ? [`no container: ${missing.join(', ')}`] : [];
  return [...behind.map(behindText), ...absent];
}

function containerDetails({ job, health, state, exitCode, restarts, completed }: ContainerStatus): string[] {
  return [
    ...(job ? ['job'] : []),
    ...((health === 'unhealthy' || health === 'starting') && state === 'running' ? [health] : []),
    ...(exitCode === undefined ? [] : [`exit code ${exitCode}`]),
    ...(completed ? ['completed'] : []),
    ...(state === 'restarting' ? [`${restarts} restarts`] : []),
  ];
}

function blocksOf(
  { missing, warnings, containers }: DeploymentStatus,
  {
    cluster,
    namespace,
    hosts,
    externalServices,
    deployments,
    jobs,
    volumes,
    pods,
  }: NonNullable<DeploymentStatus['kubernetes']>,
): string {
  const states = (objects: readonly { name: string; state: string }[]): string[] =>
    objects.map(({ name, state }) => `${name}: ${state}`);
  const blocks = [
    ...hosts.flatMap(({ host, address = '?', tls }) =>
      block('Ingress:', [`Hostname: ${host}`, `IP: ${address}`, `TLS: ${tls}`]),
    ),
    ...block(
      'External services:',
      externalServices.map(({ name, target }) => `${name}: ${target}`),
    ),
    ...block('Deployments:', states(deployments)),
    ...block('Jobs:', states(jobs)),
    ...block('Volumes:', states(volumes)),
    ...block(
      'Pods:',
      pods.map((pod) => podLine(namespace, pod)),
    ),
    ...block('Node ports:', nodePorts(containers)),
    ...block('Warnings:', warnings),
  ];
  if (blocks.length === 0) return '';
  return [...(cluster === undefined ? [] : [`Cluster: ${cluster}\n`]), ...block('Missing:', missing), ...blocks].join(
    '\n',
  );
}

/** A title and indented lines; nothing without lines. */
function block(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [linesText([title, ...lines.map((line) => `\t${line}`)])];
}

function nodePorts(containers: readonly ContainerStatus[]): string[] {
  const lines = containers.flatMap(({ service, ports }) =>
    ports.flatMap(({ containerPort, protocol, host }) =>
      host === undefined ? [] : [`${service}: ${formatAddress(host)}->${containerPort}/${protocol}`],
    ),
  );
  return [...new Set(lines)];
}

function podLine(
  namespace: string,
  { name, state, deletedAt, createdAt, ready, restarts, reasons }: PodStatus,
): string {
  const details = [
    ...(deletedAt === undefined ? [`${ready} ready`] : []),
    ...(restarts === 0 ? [] : [restarts === 1 ? '1 restart' : `${restarts} restarts`]),
    ...reasons,
  ];
  return [`${namespace}/${name}: ${state} (${deletedAt ?? createdAt ?? '?'})`, ...details].join('\t');
}

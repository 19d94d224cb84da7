import type { BehindPart } from '../deployment/directory/changed-sources.js';
import type { ContainerStatus, PublishedPort } from './deployer.js';

/** Formats an address as `1.2.3.4:80` or `[::1]:80`. */
export function formatAddress(host: { ip: string; port: number }): string {
  return host.ip.includes(':') ? `[${host.ip}]:${host.port}` : `${host.ip}:${host.port}`;
}

function formatPort({ containerPort, protocol, host }: PublishedPort): string {
  const inside = `${containerPort}/${protocol}`;
  return host === undefined ? inside : `${formatAddress(host)}->${inside}`;
}

/**
 * Renders `ps` as text, every line ending with a newline: the running containers, then the others with their state.
 * Scripts wait for `Running containers:`, so it is printed only if one runs.
 */
export function renderPs(containers: readonly ContainerStatus[]): string {
  const own = containers.filter(({ job }) => !job);
  const running = own.filter(({ state }) => state === 'running');
  const others = own.filter(({ state }) => state !== 'running');
  const lines = running.length === 0 ? ['No containers running'] : ['Running containers:'];
  for (const { id, name, ports } of running) {
    lines.push(`id: ${id}, name: ${name}, ports: ${ports.map(formatPort).join(', ')}`);
  }
  if (others.length > 0) lines.push('Not running:');
  for (const { id, name, state, exitCode, health } of others) {
    const code = exitCode === undefined ? '' : `, exit code: ${exitCode}`;
    const judged = health === undefined ? '' : `, health: ${health}`;
    lines.push(`id: ${id}, name: ${name}, state: ${state}${code}${judged}`);
  }
  return joined(lines);
}

/**
 * Renders `status` as text, every line ending with a newline: `<name><TAB><state>`, and after further tabs details of a
 * container that is unhealthy, exited, restarting or a job. Empty if there are no containers.
 */
export function renderStatus(containers: readonly ContainerStatus[]): string {
  return joined(containers.map((container) => [container.name, container.state, ...facts(container)].join('\t')));
}

function facts({ job, health, state, exitCode, restarts, completed }: ContainerStatus): string[] {
  return [
    ...(job ? ['job'] : []),
    ...((health === 'unhealthy' || health === 'starting') && state === 'running' ? [health] : []),
    ...(exitCode === undefined ? [] : [`exit code ${exitCode}`]),
    ...(completed ? ['completed'] : []),
    ...(state === 'restarting' ? [`${restarts} restarts`] : []),
  ];
}

function joined(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

/**
 * Renders `ps --format json`: `{"containers": [...]}`, one document with a newline at its end. Each container has `id`,
 * `name`, `service`, `image`, `state`, `restarts` and `ports`; `health`, `exitCode`, `startedAt`, `finishedAt` and
 * `keptRunning` if applicable. A port has `containerPort` and `protocol`, and `host: {ip, port}` if it is published.
 * Jobs are left out, as in the text.
 */
export function renderPsJson(containers: readonly ContainerStatus[]): string {
  return document({ containers: containers.filter(({ job }) => !job) });
}

/**
 * Renders `status --format json`: `{"degraded": …, "missing": [...], "behind": [...], "containers": [...]}`. `behind`
 * lists where the deployment is behind its spec, its stack or its images ({@link BehindPart}); `missing` lists the
 * expected services without a container; containers are as in {@link renderPsJson}, but include jobs (`"job": true`),
 * and completed one-shots have `"completed": true`.
 */
export function renderStatusJson(
  containers: readonly ContainerStatus[],
  expectedServices: Iterable<string>,
  behind: readonly BehindPart[],
): string {
  const expected = [...expectedServices];
  return document({
    degraded: isDegraded(containers, expected),
    missing: missingServices(containers, expected),
    behind,
    containers,
  });
}

function document(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** The expected services without any container, in the given order. Containers of jobs do not count. */
export function missingServices(containers: readonly ContainerStatus[], expectedServices: Iterable<string>): string[] {
  const present = new Set(containers.filter(({ job }) => !job).map(({ service }) => service));
  return [...expectedServices].filter((service) => !present.has(service));
}

/**
 * Whether `status --exit-code` exits with 1: an expected service has no container, or a container is neither running
 * nor a completed one-shot, or is unhealthy. A container whose healthcheck is still starting is not degraded; jobs do
 * not count.
 */
export function isDegraded(containers: readonly ContainerStatus[], expectedServices: Iterable<string>): boolean {
  if (missingServices(containers, expectedServices).length > 0) return true;
  return containers.some(({ job, state, health, completed }) => {
    if (job) return false;
    return state === 'running' ? health === 'unhealthy' : !completed;
  });
}

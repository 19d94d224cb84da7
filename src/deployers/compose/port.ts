import type { Engine } from '../../engine/connect.js';
import { inspectContainer } from '../../engine/containers.js';
import type { Context } from '../../system/context.js';
import { LaconicError, UsageError } from '../../system/errors.js';
import type { PortQuery } from '../deployer.js';
import { formatAddress } from '../status-text.js';
import { runningContainer } from './find.js';
import type { PortTable } from './list.js';
import type { ComposeProject } from './project.js';

/**
 * Parses a container port from the command line.
 * @throws UsageError unless it is 1–65535
 */
export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535) throw new UsageError(`not a port: ${text} (a number from 1 to 65535)`);
  return port;
}

/**
 * Parses `--protocol`.
 * @throws UsageError unless it is tcp, udp or sctp
 */
export function parseProtocol(text: string): PortQuery['protocol'] {
  if (text === 'tcp' || text === 'udp' || text === 'sctp') return text;
  throw new UsageError(`--protocol: ${text} is not tcp, udp or sctp`);
}

/**
 * Parses `--index`, the number of a service's container.
 * @throws UsageError unless it is a number from 1 on
 */
export function parseIndex(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new UsageError(`--index: ${text} is not a number from 1 on`);
}

/**
 * Returns the address that a container port is published at, preferably the IPv4 one.
 * @throws LaconicError if the service is unknown or not running, or the port is not published
 */
export async function publishedPort(
  project: ComposeProject,
  query: PortQuery,
  engine: Engine,
  context: Context,
): Promise<string> {
  const container = await runningContainer(project, query, engine, context);
  const details = await inspectContainer(engine, container.id);
  return publishedAddress(details?.NetworkSettings.Ports ?? {}, query);
}

/** Finds the published address in a container's port table; see {@link publishedPort}. */
export function publishedAddress(table: PortTable, { service, port, protocol }: PortQuery): string {
  const mappings = table[`${port}/${protocol}`] ?? [];
  const best = mappings.find(({ HostIp }) => !HostIp.includes(':')) ?? mappings[0];
  if (best !== undefined) return formatAddress({ ip: best.HostIp, port: Number(best.HostPort) });
  const published = Object.entries(table)
    .filter(([, found]) => found !== null && found.length > 0)
    .map(([name]) => name);
  throw new LaconicError(`port ${port}/${protocol} of service "${service}" is not published`, {
    hint: published.length === 0 ? 'it publishes no ports' : `published: ${published.join(', ')}`,
  });
}

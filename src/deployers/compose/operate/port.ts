import type { Engine } from '../../../engine/connect.js';
import { inspectContainer } from '../../../engine/containers.js';
import type { Context } from '../../../system/context.js';
import { LaconicError } from '../../../system/errors.js';
import type { PortQuery } from '../../deployer.js';
import type { PublishedAddress } from '../../status.js';
import { runningContainer } from '../resources/find.js';
import type { PortTable } from '../resources/list.js';
import type { ComposeProject } from '../cli/project.js';

/**
 * Returns the address that a container port is published at, preferably the IPv4 one.
 * @throws LaconicError if the service is unknown or not running, or the port is not published
 */
export async function publishedPort(
  project: ComposeProject,
  query: PortQuery,
  engine: Engine,
  context: Context,
): Promise<PublishedAddress> {
  const container = await runningContainer(project, query, engine, context);
  const details = await inspectContainer(engine, container.id);
  return publishedAddress(details?.NetworkSettings.Ports ?? {}, query);
}

/** Finds the published address in a container's port table; see {@link publishedPort}. */
export function publishedAddress(table: PortTable, { service, port, protocol }: PortQuery): PublishedAddress {
  const mappings = table[`${port}/${protocol}`] ?? [];
  const best = mappings.find(({ HostIp }) => !HostIp.includes(':')) ?? mappings[0];
  if (best !== undefined) return { ip: best.HostIp, port: Number(best.HostPort) };
  const published = Object.entries(table)
    .filter(([, found]) => found !== null && found.length > 0)
    .map(([name]) => name);
  throw new LaconicError(`port ${port}/${protocol} of service "${service}" is not published`, {
    hint: published.length === 0 ? 'it publishes no ports' : `published: ${published.join(', ')}`,
  });
}

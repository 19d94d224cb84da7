import type { ContainerDetails, ProjectContainer } from '../../engine/containers.js';
import { inspectContainer, listProjectContainers } from '../../engine/containers.js';
import type { Engine } from '../../engine/connect.js';
import type { PublishedPort } from '../deployer.js';
import type { ListedContainer } from '../status-text.js';
import type { ComposeProject } from './project.js';

/** What the engine answers for "never": a container that was created and not started. */
const never = '0001-01-01T00:00:00Z';

/** Inspections at one time: enough to hide the engine's latency, few enough for its socket backlog. */
const concurrency = 16;

/**
 * Every container of a project as the engine holds it (02 §7.4, §7.5, weakness 15), stopped ones too, ordered by name.
 * Containers of `run-job` carry `job: true`. One that vanishes while we look is left out.
 */
export async function listContainers(project: ComposeProject, engine: Engine): Promise<ListedContainer[]> {
  const found = await listProjectContainers(engine, project.name);
  const listed: ListedContainer[] = [];
  for (let at = 0; at < found.length; at += concurrency) {
    const inspected = await Promise.all(
      found.slice(at, at + concurrency).map(async (container) => {
        const details = await inspectContainer(engine, container.id);
        return details && listedContainer(container, details);
      }),
    );
    listed.push(...inspected.filter((container) => container !== undefined));
  }
  return listed;
}

/** One container of the engine's list and its details, as `ps` and `status` show it. Pure. */
export function listedContainer(
  container: Pick<ProjectContainer, 'name' | 'service' | 'image' | 'oneOff'>,
  details: Pick<ContainerDetails, 'Id' | 'State' | 'RestartCount' | 'NetworkSettings' | 'HostConfig'>,
): ListedContainer {
  const { State: state } = details;
  // The details are newer than the list.
  const status = state.Status as ListedContainer['state'];
  const health = state.Health?.Status;
  const policy = details.HostConfig.RestartPolicy?.Name;
  return {
    id: details.Id,
    name: container.name,
    service: container.service,
    image: container.image,
    state: status,
    ...(health === 'starting' || health === 'healthy' || health === 'unhealthy' ? { health } : {}),
    ...(status === 'exited' || status === 'dead' || status === 'restarting' ? { exitCode: state.ExitCode } : {}),
    restarts: details.RestartCount,
    ...(state.StartedAt === never ? {} : { startedAt: state.StartedAt }),
    ports: portTable(details.NetworkSettings.Ports),
    ...(container.oneOff ? { job: true } : {}),
    ...(policy === 'always' || policy === 'unless-stopped' ? { keptRunning: true } : {}),
  };
}

/** The engine's port table: `80/tcp` and the host addresses it is published at (null: only exposed). */
export type PortTable = Readonly<Record<string, readonly { HostIp: string; HostPort: string }[] | null>>;

/** In the engine's order, each with its first host mapping (02 §7.4). */
function portTable(table: PortTable | null): PublishedPort[] {
  return Object.entries(table ?? {}).map(([port, mappings]) => {
    const [number = '', protocol = 'tcp'] = port.split('/');
    const first = mappings?.[0];
    return {
      containerPort: Number(number),
      protocol,
      ...(first === undefined ? {} : { host: { ip: first.HostIp, port: Number(first.HostPort) } }),
    };
  });
}

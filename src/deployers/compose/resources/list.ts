import type { ContainerDetails, ProjectContainer } from '../../../engine/containers.js';
import type { Engine } from '../../../engine/connect.js';
import type { ContainerStatus, PublishedPort } from '../../status.js';
import { observeAll, type ObservedContainer } from './observe.js';

/** The engine's time for "never": the container was created but not started. */
const never = '0001-01-01T00:00:00Z';

/**
 * Lists every container of a project, including stopped ones, ordered by name. Containers of `run-job` have `job:
 * true`.
 */
export async function listContainers(project: string, engine: Engine): Promise<ContainerStatus[]> {
  return statusesOf(await observeAll(engine, project));
}

/** Converts containers for `ps` and `status`. */
export function statusesOf(observed: readonly ObservedContainer[]): ContainerStatus[] {
  return observed.map(({ container, details }) => listedContainer(container, details));
}

/** Converts a container of the engine's list, with its details, for `ps` and `status`. */
export function listedContainer(
  container: Pick<ProjectContainer, 'name' | 'service' | 'image' | 'oneOff'>,
  details: Pick<ContainerDetails, 'Id' | 'State' | 'RestartCount' | 'NetworkSettings' | 'HostConfig'>,
): ContainerStatus {
  const { State: state } = details;
  // The details are newer than the list.
  const status = state.Status as ContainerStatus['state'];
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
    ...(status === 'exited' && state.FinishedAt !== never ? { finishedAt: state.FinishedAt } : {}),
    ports: portTable(details.NetworkSettings.Ports),
    ...(container.oneOff ? { job: true } : {}),
    ...(policy === 'always' || policy === 'unless-stopped' ? { keptRunning: true } : {}),
  };
}

/** The engine's port table: `80/tcp` and the host addresses it is published at (null: only exposed). */
export type PortTable = Readonly<Record<string, readonly { HostIp: string; HostPort: string }[] | null>>;

/** In the engine's order, each with its first host mapping. */
function portTable(table: PortTable | null): PublishedPort[] {
  return Object.entries(table ?? {}).map(([port, mappings]) => {
    const [number = '', protocol = 'tcp'] = port.split('/');
    const first = mappings?.[0];
    return {
      containerPort: Number(number),
      protocol,
      host: first && { ip: first.HostIp, port: Number(first.HostPort) },
    };
  });
}

import { ask, type Engine } from './connect.js';

/** A container, however created, as the engine lists it. */
export interface LabelledContainer {
  id: string;
  name: string;
  labels: Readonly<Record<string, string>>;
  running: boolean;
  /** Frozen by `docker pause`: neither running nor stopped. */
  paused: boolean;
}

/** The bind mounts and published ports that a container was created with, even if it is stopped. */
export interface ContainerWiring {
  binds: { hostPath: string; containerPath: string }[];
  /** Protocol in lower case; `hostAddress` is `0.0.0.0` or `::` for all addresses. */
  ports: { hostPort: number; containerPort: number; protocol: string; hostAddress: string }[];
}

/** Docker writes no address, or an empty one, for all addresses. */
function addressOf(hostIp = ''): string {
  return hostIp === '' ? '0.0.0.0' : hostIp;
}

interface HostBinding {
  HostIp?: string;
  HostPort?: string;
}

/** The wiring of a container, and when it was last started: in milliseconds since 1970, by the engine's clock. */
export interface StartedWiring extends ContainerWiring {
  startedAt: number;
}

/** Lists all containers with this label, including stopped ones, ordered by name. */
export async function listLabelled(engine: Engine, label: string): Promise<LabelledContainer[]> {
  const found = await ask(engine, `cannot list the containers with the label ${label}`, () =>
    engine.docker.listContainers({ all: true, filters: { label: [label] } }),
  );
  return found
    .map(({ Id, Names, Labels, State }) => ({
      id: Id,
      name: (Names[0] ?? Id).replace(/^\//, ''),
      labels: Labels,
      running: State === 'running',
      paused: State === 'paused',
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Returns the bind mounts, published ports and start time of a container.
 * @throws LaconicError also if it does not exist
 */
export async function wiringOf(engine: Engine, id: string): Promise<StartedWiring> {
  const found = await ask(engine, `cannot inspect the container ${id.slice(0, 12)}`, () =>
    engine.docker.getContainer(id).inspect(),
  );
  const bindings = (found.HostConfig.PortBindings ?? {}) as Record<string, HostBinding[] | null>;
  // Ports that Docker chose itself are known only while the container runs.
  const chosen = found.NetworkSettings.Ports as Record<string, HostBinding[] | null> | undefined;
  return {
    startedAt: Date.parse(found.State.StartedAt),
    binds: found.Mounts.filter(({ Type }) => Type === 'bind').map(({ Source, Destination }) => ({
      hostPath: Source,
      containerPath: Destination,
    })),
    ports: Object.entries({ ...bindings, ...chosen }).flatMap(([key, hosts]) => {
      const [port = '', protocol = 'tcp'] = key.split('/');
      return (hosts ?? []).flatMap(({ HostIp, HostPort }) =>
        HostPort === undefined || HostPort === ''
          ? []
          : [{ hostPort: Number(HostPort), containerPort: Number(port), protocol, hostAddress: addressOf(HostIp) }],
      );
    }),
  };
}

/** Starts a stopped container; does nothing if it runs. */
export async function startContainer(engine: Engine, { id, name }: { id: string; name: string }): Promise<void> {
  await ask(engine, `cannot start the container ${name}`, async () => {
    await engine.docker
      .getContainer(id)
      .start()
      .catch((error: unknown) => {
        if (!(error instanceof Error && 'statusCode' in error && error.statusCode === 304)) throw error;
      });
  });
}

import { stripVTControlCharacters } from 'node:util';
import type Dockerode from 'dockerode';
import { ask, askIfAny, type Engine } from './connect.js';

/** Labels by which Compose recognises its own objects. */
export const composeLabels = {
  project: 'com.docker.compose.project',
  service: 'com.docker.compose.service',
  number: 'com.docker.compose.container-number',
  oneOff: 'com.docker.compose.oneoff',
  configHash: 'com.docker.compose.config-hash',
  image: 'com.docker.compose.image',
  workingDirectory: 'com.docker.compose.project.working_dir',
  configFiles: 'com.docker.compose.project.config_files',
  environmentFile: 'com.docker.compose.project.environment_file',
  dependsOn: 'com.docker.compose.depends_on',
  volume: 'com.docker.compose.volume',
} as const;

export type ContainerState = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';

/** A container of a Compose project, as the engine lists it. */
export interface ProjectContainer {
  id: string;
  name: string;
  service: string;
  /** 1 for the first container of a service. */
  number: number;
  /** Created by `docker compose run`: a job, not part of the running deployment. */
  oneOff: boolean;
  /** As the compose file names it. */
  image: string;
  imageId: string;
  state: ContainerState;
  labels: Readonly<Record<string, string>>;
  ports: readonly Dockerode.Port[];
  mounts: readonly { type: string; name?: string | undefined; source: string; destination: string }[];
}

/** Lists all containers of a Compose project, including stopped and one-off ones, ordered by name. */
export async function listProjectContainers(engine: Engine, project: string): Promise<ProjectContainer[]> {
  const found = await ask(engine, `cannot list the containers of ${project}`, () =>
    engine.docker.listContainers({ all: true, filters: { label: [`${composeLabels.project}=${project}`] } }),
  );
  return found.map(projectContainer).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function projectContainer(info: Dockerode.ContainerInfo): ProjectContainer {
  return {
    id: info.Id,
    name: (info.Names[0] ?? info.Id).replace(/^\//, ''),
    service: info.Labels[composeLabels.service] ?? '',
    number: Number(info.Labels[composeLabels.number] ?? 1),
    oneOff: info.Labels[composeLabels.oneOff] === 'True',
    image: info.Image,
    imageId: info.ImageID,
    state: info.State as ContainerState,
    labels: info.Labels,
    ports: info.Ports,
    mounts: info.Mounts.map(({ Type, Name, Source, Destination }) => ({
      type: Type,
      name: Name,
      source: Source,
      destination: Destination,
    })),
  };
}

export type ContainerDetails = Dockerode.ContainerInspectInfo;

/** Inspects a container; undefined if it does not exist. */
export async function inspectContainer(engine: Engine, id: string): Promise<ContainerDetails | undefined> {
  return askIfAny(engine, `cannot inspect the container ${id.slice(0, 12)}`, () =>
    engine.docker.getContainer(id).inspect(),
  );
}

/** Lists all containers of any project that mount this volume, including stopped ones. */
export async function listContainersUsing(engine: Engine, volume: string): Promise<ProjectContainer[]> {
  const found = await ask(engine, `cannot list the containers that use ${volume}`, () =>
    engine.docker.listContainers({ all: true, filters: { volume: [volume] } }),
  );
  return found.map(projectContainer);
}

/** Lists all containers of any project that Compose created from files in this directory. */
export async function listContainersFrom(engine: Engine, directory: string): Promise<ProjectContainer[]> {
  const label = `${composeLabels.workingDirectory}=${directory}`;
  const found = await ask(engine, `cannot list the containers from ${directory}`, () =>
    engine.docker.listContainers({ all: true, filters: { label: [label] } }),
  );
  return found.map(projectContainer);
}

/** Lists the running containers of any project that publish this host port. */
export async function listContainersAt(engine: Engine, port: number, protocol: string): Promise<ProjectContainer[]> {
  const running = await ask(engine, `cannot list the containers at port ${port}`, () => engine.docker.listContainers());
  return running
    .filter(({ Ports: ports }) => ports.some((one) => one.PublicPort === port && one.Type === protocol))
    .map(projectContainer);
}

/** Renames a container. */
export async function renameContainer(engine: Engine, id: string, name: string): Promise<void> {
  await ask(engine, `cannot rename the container ${id.slice(0, 12)}`, () =>
    engine.docker.getContainer(id).rename({ name }),
  );
}

/**
 * Stops and removes a container, keeping its volumes; does nothing if it does not exist.
 * @param timeout seconds it may take to stop; absent: the container's or the engine's setting
 */
export async function removeContainer(engine: Engine, id: string, timeout?: number): Promise<void> {
  const what = `cannot remove the container ${id.slice(0, 12)}`;
  const container = engine.docker.getContainer(id);
  await askIfAny(engine, what, async () => {
    await container.stop(timeout === undefined ? {} : { t: timeout }).catch(unless(304)); // Already stopped.
    const waiting = new AbortController();
    const removed = container.wait({ condition: 'removed', abortSignal: waiting.signal });
    removed.catch(() => undefined);
    try {
      await container.remove({ force: true }).catch(unless(409)); // The engine is removing it already (`--rm`).
      await removed;
    } finally {
      waiting.abort();
    }
  });
}

/**
 * Whether no container on this engine has this name. A container that is being created holds its name from the
 * beginning but is not listed until it is complete, even if its creator has gone: only an attempt to create one under
 * that name can tell. The container created for this is never started, and is removed before this resolves.
 * @param image an image of this host; if it does not exist, nothing is being created from it
 * @param labels labels of the created container, to recognise it if this program is killed meanwhile
 */
export async function isNameFree(
  engine: Engine,
  name: string,
  image: string,
  labels: Readonly<Record<string, string>>,
): Promise<boolean> {
  const what = `cannot check whether ${name} is being created`;
  const options = { name, Image: image, Cmd: ['true'], Labels: { ...labels } };
  const made = await askIfAny(engine, what, () =>
    engine.docker.createContainer(options).catch((error: unknown) => {
      unless(409)(error);
      return 'taken' as const;
    }),
  );
  if (made === 'taken') return false;
  if (made !== undefined) await ask(engine, what, () => made.remove({ force: true, v: true }));
  return true;
}

/** Ignores answers with this HTTP status; rethrows any other failure. */
function unless(status: number): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof Error && 'statusCode' in error && error.statusCode === status)) throw error;
  };
}

/**
 * Returns the last lines of a container's log, both streams in the engine's order, without terminal codes. Bytes that
 * are not UTF-8 become U+FFFD.
 */
export async function lastLogLines(engine: Engine, container: ContainerDetails, count: number): Promise<string[]> {
  const raw = await askIfAny(engine, `cannot read the log of ${container.Name}`, () =>
    engine.docker.getContainer(container.Id).logs({ stdout: true, stderr: true, tail: count, follow: false }),
  );
  if (raw === undefined) return [];
  const text = (container.Config.Tty ? raw : joinFrames(raw)).toString('utf8');
  return stripVTControlCharacters(text)
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .slice(-count);
}

/**
 * Extracts the payload of the engine's multiplexed log format: frames of an 8-byte header (stream, length) and text.
 */
export function joinFrames(raw: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at + 8 <= raw.length; ) {
    const end = at + 8 + raw.readUInt32BE(at + 4);
    parts.push(raw.subarray(at + 8, end));
    at = end;
  }
  return Buffer.concat(parts);
}

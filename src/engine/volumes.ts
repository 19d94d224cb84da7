import type Dockerode from 'dockerode';
import { ask, askIfAny, type Engine } from './connect.js';
import { composeLabels } from './containers.js';

/** A named volume, as the engine describes it. */
export interface EngineVolume {
  /** The engine's name, usually `<project>_<volume>`. */
  name: string;
  driver: string;
  /** Driver options; `device` is the host directory of a bind volume. */
  options: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
}

/** Lists the volumes that Compose created for a project, ordered by name. */
export async function listProjectVolumes(engine: Engine, project: string): Promise<EngineVolume[]> {
  const filters = { label: [`${composeLabels.project}=${project}`] };
  const { Volumes: found } = await ask(engine, `cannot list the volumes of ${project}`, () =>
    engine.docker.listVolumes({ filters }),
  );
  return found.map(engineVolume).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Lists all volumes of the engine. */
export async function listAllVolumes(engine: Engine): Promise<EngineVolume[]> {
  const { Volumes: found } = await ask(engine, 'cannot list the volumes', () => engine.docker.listVolumes());
  return found.map(engineVolume);
}

function engineVolume({ Name, Driver, Options, Labels }: Dockerode.VolumeInspectInfo): EngineVolume {
  // The engine returns null for volumes without labels.
  const labels = Labels as Record<string, string> | null;
  return { name: Name, driver: Driver, options: Options ?? {}, labels: labels ?? {} };
}

/**
 * Removes a volume; does nothing if it does not exist.
 * @throws LaconicError if the volume is in use
 */
export async function removeVolume(engine: Engine, name: string): Promise<void> {
  await askIfAny(engine, `cannot remove the volume ${name}`, () => engine.docker.getVolume(name).remove());
}

/** The host directory of a bind volume (`type: none, o: bind, device: …`); undefined for any other kind. */
export function hostDirectory(volume: Pick<EngineVolume, 'options'>): string | undefined {
  const options = (volume.options.o ?? '').split(',');
  return options.includes('bind') || options.includes('rbind') ? volume.options.device : undefined;
}

import type Dockerode from 'dockerode';
import { ask, askIfAny, type Engine } from './connect.js';
import { composeLabels } from './containers.js';

/** A named volume as the engine holds it. */
export interface EngineVolume {
  /** The engine's name, usually `<project>_<volume>`. */
  name: string;
  driver: string;
  /** Driver options; `device` is the host directory of a bind volume. */
  options: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
}

/** The volumes that Compose made for a project, ordered by name. */
export async function listProjectVolumes(engine: Engine, project: string): Promise<EngineVolume[]> {
  const filters = { label: [`${composeLabels.project}=${project}`] };
  const { Volumes: found } = await ask(engine, `cannot list the volumes of ${project}`, () =>
    engine.docker.listVolumes({ filters }),
  );
  return found.map(engineVolume).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Every volume of the engine. */
export async function listAllVolumes(engine: Engine): Promise<EngineVolume[]> {
  const { Volumes: found } = await ask(engine, 'cannot list the volumes', () => engine.docker.listVolumes());
  return found.map(engineVolume);
}

function engineVolume({ Name, Driver, Options, Labels }: Dockerode.VolumeInspectInfo): EngineVolume {
  // Volumes that nobody labelled have null there.
  const labels = Labels as Record<string, string> | null;
  return { name: Name, driver: Driver, options: Options ?? {}, labels: labels ?? {} };
}

/** Removes a volume; nothing when it is gone. A volume in use is an error of the engine. */
export async function removeVolume(engine: Engine, name: string): Promise<void> {
  await askIfAny(engine, `cannot remove the volume ${name}`, () => engine.docker.getVolume(name).remove());
}

/** The host directory of a bind volume (`type: none, o: bind, device: …`); undefined for any other kind. */
export function hostDirectory(volume: Pick<EngineVolume, 'options'>): string | undefined {
  const options = (volume.options.o ?? '').split(',');
  return options.includes('bind') || options.includes('rbind') ? volume.options.device : undefined;
}

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
  const { Volumes: found } = await ask(engine, `cannot list the volumes of ${project}`, () =>
    engine.docker.listVolumes({ filters: { label: [`${composeLabels.project}=${project}`] } }),
  );
  return found
    .map(({ Name, Driver, Options, Labels }) => ({
      name: Name,
      driver: Driver,
      options: Options ?? {},
      labels: Labels,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
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

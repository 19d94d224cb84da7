import { readTextIfAny, secretMode, writeIfDifferent } from '../../../system/files/files.js';

/** Checksum by host path, or by `config x` / `secret x` for text that Compose copies into the container. */
export type Checksums = Readonly<Record<string, string>>;

/**
 * What the containers of a project were created from at the last start: `.laconic/started.json`. A record is valid only
 * for the containers it names. If the file is lost, the next start calls `docker compose up`, which checks itself.
 */
export interface StartedRecord {
  /** ProjectModel.fingerprint at the last start of all services. */
  readonly networksAndVolumes: string | undefined;
  /** ProjectModel.shared at the last start of all services. Absent in records of earlier versions. */
  readonly shared?: Readonly<Record<string, string>> | undefined;
  readonly services: Readonly<Record<string, StartedService>>;
  /** Names on the engine of all volumes that any start declared. Absent in records of earlier versions. */
  readonly volumes?: readonly string[];
}

export interface StartedService {
  /** Full ids, sorted. */
  readonly containers: readonly string[];
  /** ProjectService.fingerprint. */
  readonly fingerprint: string;
  /** ProjectService.parts. Absent in records of earlier versions. */
  readonly parts?: Readonly<Record<string, string>>;
  readonly contents: Checksums;
  /**
   * Containers that exited with 0 on their own while a start watched them: the engine's FinishedAt by id. Absent in
   * records of earlier versions.
   */
  readonly ended?: Readonly<Record<string, string>>;
}

interface StoredRecord extends StartedRecord {
  readonly version: 1;
}

/** Reads the record; undefined if the file does not exist or is not usable. */
export async function readStarted(file: string): Promise<StartedRecord | undefined> {
  const text = await readTextIfAny(file);
  return text === undefined ? undefined : parseStarted(text);
}

/** Parses the record; see {@link readStarted}. */
export function parseStarted(text: string): StartedRecord | undefined {
  try {
    const stored = JSON.parse(text) as Partial<StoredRecord> | null;
    if (stored?.version !== 1 || typeof stored.services !== 'object') return undefined;
    const complete = Object.values(stored.services).every(
      (service) =>
        Array.isArray(service.containers) &&
        typeof service.fingerprint === 'string' &&
        typeof service.contents === 'object' &&
        (service.parts === undefined || typeof service.parts === 'object') &&
        (service.ended === undefined || typeof service.ended === 'object'),
    );
    if (!complete) return undefined;
    const { networksAndVolumes, shared, services, volumes } = stored;
    return { networksAndVolumes, shared, services, ...(Array.isArray(volumes) ? { volumes } : {}) };
  } catch {
    return undefined;
  }
}

/**
 * Adds to the record which containers have completed on their own (id and the engine's FinishedAt). Containers that are
 * no longer in the record, because another command has recreated them, are skipped.
 */
export async function recordEnded(file: string, ended: ReadonlyMap<string, string>): Promise<void> {
  const record = ended.size === 0 ? undefined : await readStarted(file);
  if (record === undefined) return;
  const services = Object.entries(record.services).map(([name, service]) => {
    const own = [...ended].filter(([id]) => service.containers.includes(id));
    return [name, own.length === 0 ? service : { ...service, ended: { ...service.ended, ...Object.fromEntries(own) } }];
  });
  await writeStarted(file, { ...record, services: Object.fromEntries(services) as StartedRecord['services'] });
}

/** Writes the record if it has changed. Only for the owner: it contains hashes of texts with secrets. */
export async function writeStarted(file: string, record: StartedRecord): Promise<void> {
  const stored: StoredRecord = { version: 1, ...record };
  await writeIfDifferent(file, `${JSON.stringify(stored, undefined, 2)}\n`, secretMode);
}

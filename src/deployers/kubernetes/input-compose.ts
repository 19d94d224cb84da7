import { posix } from 'node:path';
import { type ComposeFile, parseComposeFile, servicesInForce } from '../../compose/file.js';
import { mentionedNames } from '../../compose/interpolation.js';
import { type ComposeReading, readCompose } from '../../compose/model/normalize.js';
import type { DeploymentFiles } from '../../deployment/files.js';
import { InvalidFileError, type Problem } from '../../system/errors.js';
import { mapOf } from '../../system/plain-map.js';
import type { PodInput } from './objects/input.js';

/** A compose file of a deployment. */
export interface ComposeSource {
  /** The pod's or job's. */
  name: string;
  /** Relative to the deployment directory. */
  path: string;
  job: boolean;
}

export interface NormalizedFiles {
  pods: PodInput[];
  jobs: PodInput[];
  /** Every variable that some compose file mentions. */
  mentioned: ReadonlySet<string>;
  warnings: Problem[];
}

interface NormalizeOptions {
  lookup: (name: string) => string | undefined;
  origin: (name: string) => string | undefined;
  profiles: readonly string[];
  fileName: (path: string) => string;
  /** Whether env files that are missing may come later: they are read as empty ones until then. */
  envFilesLater: boolean;
}

interface ReadSource extends ComposeSource {
  file: ComposeFile;
}

/**
 * Reads the compose files, and the env files they name, into their normal form.
 * @throws InvalidFileError with the problems of all of them
 */
export async function normalizeFiles(
  sources: readonly ComposeSource[],
  files: DeploymentFiles,
  options: NormalizeOptions,
): Promise<NormalizedFiles> {
  const problems: Problem[] = [];
  const collect = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof InvalidFileError)) throw error;
      problems.push(...error.problems);
      return undefined;
    }
  };

  const read: ReadSource[] = [];
  for (const source of sources) {
    const text = (await files.read(source.path))?.toString('utf8') ?? '';
    const file = collect(() => parseComposeFile(text, options.fileName(source.path)));
    if (file !== undefined) read.push({ ...source, file });
  }
  const result: NormalizedFiles = { pods: [], jobs: [], mentioned: new Set(), warnings: [] };
  const mentioned = new Set<string>();
  for (const source of read) {
    const { file } = source;
    const { lookup, origin, profiles } = options;
    const otherServices = servicesBeside(source, read, profiles);
    const reading = readCompose({ yaml: file.yaml, lookup, origin, profiles, otherServices });
    const envFiles = await readEnvFiles(source, reading, files, options);
    const normalized = collect(() => reading.normalize(envFiles));
    if (normalized === undefined) continue;
    const mentions = collect(() => mentionedByService(file, envFiles)) ?? new Map<string, Set<string>>();
    for (const names of mentions.values()) for (const name of names) mentioned.add(name);
    (source.job ? result.jobs : result.pods).push({ name: source.name, model: normalized.model, mentions });
    result.warnings.push(...normalized.warnings, ...aliases(file));
  }
  if (problems.length > 0) throw new InvalidFileError(problems);
  return { ...result, mentioned };
}

/** What a service extends mentions names for it, too: such a service has those of the whole file. */
function mentionedByService(file: ComposeFile, envFiles: ReadonlyMap<string, string>): Map<string, Set<string>> {
  const mentions = mentionedNames(file, envFiles);
  const all = new Set([...mentions.values()].flatMap((names) => [...names]));
  for (const [name, service] of Object.entries(mapOf(mapOf(file.yaml.value).services))) {
    if (mapOf(service).extends !== undefined) mentions.set(name, all);
  }
  return mentions;
}

/**
 * The services of the pods' other files: all of them are one project, in which a job's services do not run all the
 * time.
 */
function servicesBeside(source: ReadSource, all: readonly ReadSource[], profiles: readonly string[]): Set<string> {
  const others = all.filter((other) => other !== source && !other.job);
  return new Set(others.flatMap(({ file }) => servicesInForce(file, profiles)));
}

async function readEnvFiles(
  { path }: ComposeSource,
  reading: ComposeReading,
  files: DeploymentFiles,
  { envFilesLater }: NormalizeOptions,
): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const { path: written } of reading.envFiles) {
    const content = await files.read(posix.isAbsolute(written) ? written : posix.join(posix.dirname(path), written));
    if (content !== undefined || envFilesLater) texts.set(written, content?.toString('utf8') ?? '');
  }
  return texts;
}

/** Other names of a service in a network of Docker: a pod finds nothing under them. */
function aliases(file: ComposeFile): Problem[] {
  return eachService(file, (name, service) =>
    Object.entries(mapOf(service.networks)).flatMap(([network, value]) =>
      Array.isArray(mapOf(value).aliases)
        ? [
            file.yaml.problem(
              ['services', name, 'networks', network, 'aliases'],
              'do not exist on Kubernetes: services are found under their own names',
            ),
          ]
        : [],
    ),
  );
}

function eachService(
  file: ComposeFile,
  check: (name: string, service: Readonly<Record<string, unknown>>) => Problem[],
): Problem[] {
  const services = mapOf(mapOf(file.yaml.value).services);
  return Object.entries(services).flatMap(([name, service]) => check(name, mapOf(service)));
}

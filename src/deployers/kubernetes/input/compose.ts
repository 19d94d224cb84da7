import { posix } from 'node:path';
import { type ComposeFile, parseComposeFile, servicesInForce } from '../../../compose/document/file.js';
import { mentionedNames } from '../../../compose/document/interpolation.js';
import { type ComposeReading, readCompose } from '../../../compose/model/normalize.js';
import type { DeploymentFiles } from '../../../deployment/directory/files.js';
import { InvalidFileError, type Problem } from '../../../system/errors.js';
import { mapOf } from '../../../system/plain-map.js';
import type { PodFileInput } from '../objects/common/input.js';

/** A compose file of a deployment. */
export interface ComposeSource {
  /** Name of the pod or job. */
  name: string;
  /** Relative to the deployment directory. */
  path: string;
  job: boolean;
}

export interface NormalizedFiles {
  podFiles: PodFileInput[];
  jobs: PodFileInput[];
  /** All variables that the compose files mention. */
  mentioned: ReadonlySet<string>;
  warnings: Problem[];
}

interface NormalizeOptions {
  lookup: (name: string) => string | undefined;
  origin: (name: string) => string | undefined;
  profiles: readonly string[];
  fileName: (path: string) => string;
  /** Whether missing env files may appear later: until then they count as empty. */
  envFilesLater: boolean;
}

interface ReadSource extends ComposeSource {
  file: ComposeFile;
}

/**
 * Reads the compose files, and the env files they name, in normalized form.
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
  const result: NormalizedFiles = { podFiles: [], jobs: [], mentioned: new Set(), warnings: [] };
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
    (source.job ? result.jobs : result.podFiles).push({ name: source.name, model: normalized.model, mentions });
    result.warnings.push(...normalized.warnings, ...aliases(file));
  }
  if (problems.length > 0) throw new InvalidFileError(problems);
  return { ...result, mentioned };
}

/**
 * Returns the mentioned variables by service. A service also gets those of the services that it extends: it counts as
 * mentioning all of its file.
 */
function mentionedByService(file: ComposeFile, envFiles: ReadonlyMap<string, string>): Map<string, Set<string>> {
  const mentions = mentionedNames(file, envFiles);
  const all = new Set([...mentions.values()].flatMap((names) => [...names]));
  for (const [name, service] of Object.entries(mapOf(mapOf(file.yaml.value).services))) {
    if (mapOf(service).extends !== undefined) mentions.set(name, all);
  }
  return mentions;
}

/** The services of the other pod files: all are one project, in which services of jobs do not always run. */
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

/** Reports network aliases: pods cannot resolve them. */
function aliases({ yaml }: ComposeFile): Problem[] {
  const message = 'do not exist on Kubernetes: services are found under their own names';
  return Object.entries(mapOf(mapOf(yaml.value).services)).flatMap(([service, keys]) =>
    Object.entries(mapOf(mapOf(keys).networks))
      .filter(([, settings]) => Array.isArray(mapOf(settings).aliases))
      .map(([network]) => yaml.problem(['services', service, 'networks', network, 'aliases'], message)),
  );
}

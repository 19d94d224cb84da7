import { basename, join, resolve } from 'node:path';
import { caBundle, caFolder } from '../../../deployment/create/ca-certificates.js';
import { composeValues } from '../../../deployment/compose/compose-values.js';
import type { DeploymentFiles } from '../../../deployment/directory/files.js';
import type { DeploymentRecord } from '../../../deployment/directory/record.js';
import { registryImage } from '../../../images/reference.js';
import { credentialVariables } from '../../../spec/environment.js';
import type { Spec } from '../../../spec/model.js';
import type { Stack } from '../../../stack/parse.js';
import { LaconicError, type Problem } from '../../../system/errors.js';
import { missingToken, pullToken } from '../../secrets/pull-secret.js';
import { readSecretValues } from '../../secrets/read-secret-sources.js';
import { type ComposeSource, type NormalizedFiles, normalizeFiles } from './compose.js';
import { boundFiles, declaredConfigmaps } from './files.js';
import type { FileContents, Findings, ObjectsInput, PodFileInput } from '../objects/common/input.js';
import { podsOf } from './pods.js';
import { namespaceName } from '../objects/common/names.js';

/**
 * The parts of a deployment that its objects are built from, whether its directory exists or is about to be written.
 */
export interface InputSource {
  /** The absolute path of the deployment directory. */
  readonly root: string;
  readonly record: DeploymentRecord;
  readonly spec: Spec;
  readonly stack: Stack;
  /** False for a directory of the Python program. */
  readonly ours: boolean;
}

export interface InputOptions {
  /**
   * The process environment: for the registry's token, and for variables in compose files that the spec does not set.
   */
  readonly env: NodeJS.ProcessEnv;
  /** For `~`. */
  readonly home: string;
  /** The directory of a relative `token-file`. */
  readonly cwd: string;
  /** `--image`, by service name. */
  readonly images?: ReadonlyMap<string, string>;
  /** Looks up the engine's ids for those images that it has; used on kind only. */
  readonly imageIds?: (references: readonly string[]) => Promise<ReadonlyMap<string, string>>;
  /** Digests of this deployment's images in its registry, by name. */
  readonly pushed?: ReadonlyMap<string, string>;
  /**
   * Whether a registry token, or a source of a Secret, that cannot be read is an error; false if nothing is applied,
   * such as at create.
   */
  readonly requireToken: boolean;
  /** Formats a file of the directory for messages; absent: its path. */
  readonly fileName?: (path: string) => string;
  /** Before the create hooks of a stack, which may create env files: a missing one counts as empty. */
  readonly envFilesLater?: boolean;
}

export interface GatheredInput {
  input: ObjectsInput;
  /** What cannot be read or has no effect, in addition to the findings of the mapping. */
  findings: Findings;
  /** Values that must not be shown in messages. */
  secrets: string[];
}

/** The compose files of a deployment in normalized form, and the values of their variables. */
export interface GatheredCompose extends NormalizedFiles {
  config: ReadonlyMap<string, string>;
  generated: ReadonlyMap<string, string>;
  credentials: ReadonlyMap<string, string>;
  environment: ObjectsInput['envPolicy'];
}

/**
 * Reads the compose files of a deployment.
 * @throws InvalidFileError with all their problems; LaconicError for a missing one
 */
export async function gatherCompose(
  source: InputSource,
  files: DeploymentFiles,
  options: Pick<InputOptions, 'env' | 'fileName' | 'envFilesLater'>,
): Promise<GatheredCompose> {
  const environment = source.record.environment ?? (source.ours ? 'mentioned' : 'all');
  const env = environment === 'mentioned' ? options.env : { COMPOSE_PROFILES: options.env.COMPOSE_PROFILES };
  const { config, generated, ...values } = await composeValues(files, env);
  const compose = await normalizeFiles(await composeFiles(source, files), files, {
    ...values,
    fileName: options.fileName ?? ((path) => resolve(source.root, path)),
    envFilesLater: options.envFilesLater ?? false,
  });
  const configEnv = (await files.read('config.env'))?.toString('utf8') ?? '';
  const inSecret = source.record.credentials === 'secret' ? [...credentialVariables(configEnv, 'config.env')] : [];
  // A generated secret overrides a credential of the same name, as on Compose.
  const credentials = new Map(inSecret.filter(([name]) => !generated.has(name)));
  const split = source.spec.pods === 'per-service' ? 'all' : source.ours ? 'clashing' : 'none';
  const { podFiles, oneShots, warnings } = podsOf(compose.podFiles, split);
  const jobs = [...oneShots, ...compose.jobs];
  return {
    ...compose,
    podFiles,
    jobs,
    warnings: [...compose.warnings, ...warnings],
    config,
    generated,
    credentials,
    environment,
  };
}

/**
 * Reads everything that the objects of a deployment are built from.
 * @param compose its compose files, if already read
 * @throws InvalidFileError with all problems of the compose files; LaconicError for a missing compose file
 */
export async function gatherInput(
  source: InputSource,
  files: DeploymentFiles,
  options: InputOptions,
  compose?: GatheredCompose,
): Promise<GatheredInput> {
  const { record, spec } = source;
  const read = compose ?? (await gatherCompose(source, files, options));
  const { config, generated, credentials, environment, podFiles, jobs, mentioned } = read;
  const unmentioned = new Set([...config.keys(), ...generated.keys()].filter((name) => !mentioned.has(name)));
  const findings: Findings = { errors: [], warnings: [...read.warnings] };
  if (environment === 'mentioned') findings.warnings.push(...unusedCredentials(spec, credentials, unmentioned));
  const all = [...podFiles, ...jobs];
  const token = await registryToken(spec, files, options, findings);
  const sourced = await readSecretValues(spec, options);
  if (options.requireToken) findings.errors.push(...sourced.problems);
  const images = new Map([...spec.imageOverrides, ...(options.images ?? [])]);
  const { deploymentId } = record;
  const stack = basename(spec.stack);
  const input: ObjectsInput = {
    deploymentId,
    stack,
    namespace: namespaceName(spec.namespace, stack, deploymentId),
    directory: source.root,
    target: spec.deployTo === 'k8s' ? 'k8s' : 'k8s-kind',
    spec,
    podFiles,
    jobs,
    config,
    generatedSecrets: generated,
    credentials,
    envPolicy: environment,
    unmentioned,
    configmaps: await declaredConfigmaps(spec, files),
    boundFiles: await boundFiles(all, files, options.home, findings),
    imageOverrides: images,
    imageVersions: await knownImageIds(all, images, source, options),
    caCertificates: await authorities(spec, files, findings),
    certificates: [],
    secretValues: sourced.values,
    registryToken: token,
  };
  const values = [...sourced.values.values()].flatMap((keys) => [...keys.values()]);
  return { input, findings, secrets: [...generated.values(), ...values, ...(token === undefined ? [] : [token])] };
}

/** The copies that create made. */
async function authorities(
  { caCertificates, yaml }: Spec,
  files: DeploymentFiles,
  { errors }: Findings,
): Promise<FileContents> {
  const contents = new Map<string, Buffer>();
  if (caCertificates.length === 0) return contents;
  for (const name of (await files.list(caFolder)) ?? []) {
    const content = name.endsWith('.pem') ? await files.read(join(caFolder, name)) : undefined;
    if (content !== undefined) contents.set(name, content);
  }
  if (!contents.has(caBundle)) {
    const message = `the deployment directory has no copy of them, ${caFolder}/${caBundle}: run deploy create --update`;
    errors.push(yaml.problem(['ca-certificates'], message));
  }
  return contents;
}

/**
 * Reports variables of credentials files that no container gets: config that nothing mentions goes to all, credentials
 * do not.
 */
function unusedCredentials(
  { yaml }: Spec,
  credentials: ReadonlyMap<string, string>,
  unmentioned: ReadonlySet<string>,
): Problem[] {
  const names = [...credentials.keys()].filter((name) => unmentioned.has(name));
  if (names.length === 0) return [];
  const message = `no service mentions ${names.join(', ')}: no container gets them`;
  return [yaml.problem(['credentials-files'], message)];
}

/** Returns the compose files of the stack in a deployment directory. A job without a file cannot be run. */
async function composeFiles({ stack, root }: InputSource, files: DeploymentFiles): Promise<ComposeSource[]> {
  const sources: ComposeSource[] = [];
  for (const pod of stack.pods) {
    const names = pod.repository === undefined ? [pod.name, pod.path] : [pod.name];
    const candidates = names.map((name) => `compose/docker-compose-${name}.yml`);
    const found = await firstFile(candidates, files);
    if (found === undefined) {
      throw new LaconicError(`the compose file of pod ${pod.name} is missing: ${resolve(root, candidates[0] ?? '')}`, {
        hint: 'deploy create --update recreates it',
      });
    }
    sources.push({ name: pod.name, path: found, job: false });
  }
  for (const name of stack.jobs) {
    const found = await firstFile([`compose-jobs/docker-compose-${name}.yml`], files);
    if (found !== undefined) sources.push({ name, path: found, job: true });
  }
  return sources;
}

async function firstFile(paths: readonly string[], files: DeploymentFiles): Promise<string | undefined> {
  for (const path of paths) if ((await files.kind(path)) === 'file') return path;
  return undefined;
}

/** The token of the registry: the file's text, else the variable's value. */
async function registryToken(
  { imagePullSecret: registry, yaml }: Spec,
  files: DeploymentFiles,
  { env, home, cwd, requireToken }: InputOptions,
  findings: Findings,
): Promise<string | undefined> {
  if (registry === undefined) return undefined;
  const read = async (path: string): Promise<string | undefined> => (await files.read(path))?.toString('utf8');
  const found = await pullToken(registry, { read, env, home, cwd });
  if ('token' in found) return found.token;
  (requireToken ? findings.errors : findings.warnings).push(missingToken(yaml, registry, found.missing));
  return undefined;
}

/** Returns the ids of `:local` images on kind, and the digests of pushed ones, so that new builds roll out. */
async function knownImageIds(
  podFiles: readonly PodFileInput[],
  overrides: ReadonlyMap<string, string>,
  { spec, record }: InputSource,
  { imageIds, pushed = new Map() }: InputOptions,
): Promise<ReadonlyMap<string, string>> {
  if (spec.deployTo !== 'k8s-kind' || imageIds === undefined) return pushed;
  const images = podFiles.flatMap(({ model }) =>
    [...model.services.values()].map(
      ({ name, image = '' }) => overrides.get(name) ?? registryImage(image, spec.imageRegistry, record.deploymentId),
    ),
  );
  const local = [...new Set(images)].filter((image) => image.endsWith(':local'));
  return local.length === 0 ? pushed : new Map([...pushed, ...(await imageIds(local))]);
}

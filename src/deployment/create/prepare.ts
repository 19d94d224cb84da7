import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, isAbsolute, resolve } from 'node:path';
import { scanEnvFile } from '../../compose/syntax/dotenv.js';
import { credentialSecrets, renderConfigEnv } from '../../spec/environment.js';
import {
  holdsValues,
  parseSecretsEnv,
  renderSecretsEnv,
  resolveSecrets,
  withoutTokens,
  secretTexts,
  type StoredSecret,
} from '../../spec/generated-secrets.js';
import { type ParsedSpec, parseSpec, type Spec } from '../../spec/parse.js';
import { parseUsableSpec, usedOnCompose } from '../../spec/usable-sections.js';
import { warnAboutUnusedHooks } from '../../stack/assets.js';
import { type LoadedStack, loadStack } from '../../stack/load.js';
import type { Context } from '../../system/context.js';
import { InvalidFileError, LaconicError, type Problem } from '../../system/errors.js';
import { kindOf, readTextIfAny, requireUtf8, secretMode } from '../../system/files/files.js';
import { type Generated, generateTree } from './generate.js';
import { expandHome } from '../../system/files/path-names.js';
import { misspelt } from '../../system/yaml/schema.js';
import { refuseNewFaults } from './compose-faults.js';
import { type DeploymentLayout, secretsCopyPath } from '../directory/layout.js';
import { readManifest } from '../directory/manifest.js';
import type { DeploymentRecord } from '../directory/record.js';
import { renderReported, warnOfNew } from '../checks/reported-warnings.js';
import type { TargetGenerator } from '../access/target.js';
import type { GeneratedFile } from '../directory/tree.js';

/** A spec read from a file. */
export interface LoadedSpec extends ParsedSpec {
  /**
   * Whether only the owner could read the file, which the copy in the deployment directory preserves: its config may
   * contain passwords.
   */
  onlyForOwner: boolean;
}

/**
 * Reads the spec file that the operator named.
 * @param existing for an existing deployment: problems of sections that only Kubernetes reads become warnings
 * @throws LaconicError if it does not exist; InvalidFileError
 */
export async function loadSpec(file: string, cwd: string, existing = false): Promise<LoadedSpec> {
  const path = isAbsolute(file) ? file : resolve(cwd, file);
  const text = await readTextIfAny(path);
  if (text === undefined) throw new LaconicError(`spec file: ${file} does not exist`);
  const onlyForOwner = ((await stat(path)).mode & 0o077) === 0;
  if (!existing) return { ...parseSpec(text, file), onlyForOwner };
  const { spec, unknown, ignored } = parseUsableSpec(text, file, usedOnCompose);
  if (spec.deployTo !== 'compose' && ignored.length > 0) throw new InvalidFileError(ignored);
  return { spec, unknown: [...unknown, ...ignored.map((problem) => ({ problem }))], onlyForOwner };
}

/**
 * Loads the stack of a spec. On update, if a relative reference is not found from here, or is a bundled stack although
 * the deployment was created from an external one, a known place with the same name is used.
 * @param places directories where the stack may be, best first
 */
export async function loadStackOfSpec(
  spec: Spec,
  places: readonly string[],
  cwd: string,
  context: Context,
): Promise<LoadedStack> {
  const fallback = await firstPlace(spec, places);
  try {
    const found = await loadStack(spec.stack, context, cwd);
    if (found.location.external || fallback === undefined) return found;
  } catch (error) {
    if (fallback === undefined || error instanceof InvalidFileError) throw error;
  }
  context.report.verbose(`stack ${spec.stack}: taken from ${fallback}`);
  return loadStack(fallback, context, cwd);
}

async function firstPlace({ stack }: Spec, places: readonly string[]): Promise<string | undefined> {
  if (isAbsolute(stack)) return undefined;
  for (const place of places) {
    if (!isAbsolute(place) || basename(place) !== basename(stack)) continue;
    if ((await kindOf(place)) === 'directory') return place;
  }
  return undefined;
}

export interface SecretOptions {
  /** Names that get a new generated value. */
  rotate: ReadonlySet<string>;
  /** Whether to generate secrets for a directory that the Python program created without them. */
  generate: boolean;
}

/** What create and update will write, determined before anything is written. */
export interface Prepared extends LoadedStack {
  spec: Spec;
  generated: Generated;
  /** The reported warnings, for the file that keeps later commands from repeating them. */
  reported: string;
}

/** Everything that determines a tree besides the stack and the spec. */
export interface PrepareOptions {
  layout: DeploymentLayout;
  record: DeploymentRecord;
  /** `fresh` at create; else who created the directory, which decides how secrets and problems are treated. */
  previous: 'fresh' | 'ours' | 'python';
  secrets: SecretOptions;
  /** Where relative paths of the spec start. */
  cwd: string;
  /** Absent on Docker Compose. */
  target: TargetGenerator | undefined;
}

/**
 * Reads all sources of a deployment and generates its tree; warnings are reported.
 * @throws InvalidFileError, LaconicError
 */
export async function prepareTree(
  loaded: LoadedStack,
  parsed: LoadedSpec,
  options: PrepareOptions,
  context: Context,
): Promise<Prepared> {
  const { spec } = parsed;
  const { layout, record, previous, secrets, cwd, target } = options;
  const environment = await environmentFiles(spec, layout, previous, secrets, context, cwd);
  const generated = await generateTree({
    root: layout.root,
    record,
    ...loaded,
    spec,
    specMode: parsed.onlyForOwner || holdsValues(spec.config.values()) ? secretMode : 0o644,
    environment,
    cwd,
    env: context.env,
    ours: previous !== 'python',
    manifest: previous === 'fresh' ? undefined : ((await readManifest(layout)) ?? {}),
    target,
  }).catch((error: unknown) => {
    // All that is wrong with the spec is reported together.
    if (previous !== 'fresh' || !(error instanceof InvalidFileError)) throw error;
    throw new InvalidFileError([...misspelt(parsed.unknown), ...error.problems]);
  });
  await warnAboutUnusedHooks(loaded.assets, context.report);
  const warnings = [
    ...refuseOrWarn(parsed, generated, previous === 'fresh'),
    ...(await refuseNewFaults({ ...loaded, spec, generated }, layout, previous === 'fresh', context.env)),
  ];
  await warnOfNew(warnings, layout, context.report);
  const unset = generated.unset.map(({ name }) => name);
  return { ...loaded, spec, generated, reported: renderReported(warnings, unset) };
}

/**
 * Generates `config.env` and, if the spec has generated secrets, `secrets.env` and its copy. Lost secrets must have
 * been refused before.
 * @param cwd where relative paths of credentials files start
 */
export async function environmentFiles(
  spec: Spec,
  layout: DeploymentLayout,
  previous: 'fresh' | 'ours' | 'python',
  options: SecretOptions,
  context: Context,
  cwd: string = context.cwd,
): Promise<GeneratedFile[]> {
  const text = previous === 'fresh' ? undefined : await readTextIfAny(layout.secretsEnv);
  const inFile = text === undefined ? undefined : parseSecretsEnv(text);
  const existing = previous === 'fresh' ? undefined : await withRetired(inFile, layout, spec.config);
  const resolved = resolveSecrets(spec.config, existing, { rotate: options.rotate });
  if (resolved.problems.length > 0) {
    throw new InvalidFileError(
      resolved.problems.map((problem) => spec.yaml.problem(['config', problem.name], problem.message)),
    );
  }
  checkRotations(options.rotate, spec);
  const config = renderConfigEnv(resolved.plain, await readCredentials(spec, cwd));
  const { stored } = resolved;
  if (previous === 'python' && text === undefined && !options.generate) {
    const unset = [...resolved.secret.keys()].filter((name) => !options.rotate.has(name));
    for (const name of unset) stored.delete(name);
    warnAboutUnset(unset, context);
  }
  context.report.conceal([...secretTexts(stored), ...credentialSecrets(config, 'config.env')]);
  const files: GeneratedFile[] = [{ path: 'config.env', source: { text: config }, mode: secretMode }];
  if (stored.size > 0 || text !== undefined) {
    const source = { text: renderSecretsEnv(resolved) };
    for (const path of ['secrets.env', secretsCopyPath]) files.push({ path, source, mode: secretMode });
  }
  return files;
}

/**
 * Refuses names of `--rotate-secret` for which the spec generates no secret.
 * @throws LaconicError
 */
export function checkRotations(names: Iterable<string>, { config }: Pick<Spec, 'config'>): void {
  const unknown = withoutTokens(names, config);
  if (unknown.length === 0) return;
  throw new LaconicError(
    unknown
      .map((name) => `--rotate-secret ${name}: the spec's config has no $generate token under this name`)
      .join('\n'),
  );
}

/** Warns of generated secrets that a directory of the Python program never had. */
export function warnAboutUnset(names: readonly string[], { report }: Context): void {
  for (const name of names) {
    report.warn(
      `${name}: stays unset, as in the program that created this deployment; deploy create --update --generate-secrets sets it`,
    );
  }
}

/** Keeps values of names that were removed from the config, even if `secrets.env` is recreated. */
async function withRetired(
  existing: ReadonlyMap<string, StoredSecret> | undefined,
  { secretsCopy }: DeploymentLayout,
  config: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, StoredSecret> | undefined> {
  const text = await readTextIfAny(secretsCopy);
  if (text === undefined) return existing;
  const left = [...parseSecretsEnv(text)].filter(([name]) => !config.has(name) && existing?.has(name) !== true);
  return left.length === 0 ? existing : new Map([...(existing ?? []), ...left]);
}

async function readCredentials(spec: Spec, cwd: string): Promise<{ path: string; text: string }[]> {
  return Promise.all(
    spec.credentialsFiles.map(async (path) => {
      const text = await readTextIfAny(resolve(cwd, expandHome(path, homedir())));
      if (text === undefined) throw new LaconicError(`credentials file does not exist: ${path}`);
      requireUtf8(text, path);
      // It becomes part of config.env, which could then not be read.
      scanEnvFile(text, path);
      return { path, text };
    }),
  );
}

/**
 * Near misses, and files that Compose will not find, are errors at create; everything else, and everything later, is a
 * warning.
 * @returns the warnings
 */
function refuseOrWarn(parsed: ParsedSpec, generated: Generated, fresh: boolean): Problem[] {
  const refused: Problem[] = [...misspelt(parsed.unknown), ...generated.refusedAtCreate];
  if (fresh && refused.length > 0) throw new InvalidFileError(refused);
  const mild = parsed.unknown.filter((key) => key.nearMiss === undefined).map((key) => key.problem);
  return [...refused, ...mild, ...generated.warnings];
}

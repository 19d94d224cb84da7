import { realpath } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { ComposeFile } from '../compose/document/file.js';
import { composeSpec, parseConfigFile, parseConfigOption } from '../spec/init.js';
import type { DeployTarget } from '../spec/parse.js';
import { holdsValues } from '../spec/generated-secrets.js';
import { warnAboutUnusedHooks } from '../stack/assets.js';
import { type LoadedStack, loadStack } from '../stack/load.js';
import type { Context } from '../system/context.js';
import { InvalidFileError, LaconicError } from '../system/errors.js';
import { kindOf, readTextIfAny, requireUtf8, secretMode, writeFileAtomically } from '../system/files/files.js';
import { mapOf } from '../system/plain-map.js';
import { parseYaml } from '../system/yaml/yaml.js';
import { lineOf, type ReadComposeFile, readComposeFiles } from './compose/compose-files.js';
import { runInitHook } from './hooks/run-hooks.js';

/** The options of `deploy init`. */
export interface InitOptions {
  stack: string;
  deployTo: DeployTarget;
  output: string;
  config: readonly string[];
  configFile?: string;
  kubeConfig?: string;
  imageRegistry?: string;
  mapPortsToHost?: string;
  force: boolean;
}

/** What `deploy init` did. */
export interface InitOutcome {
  /** False: the file already had this content. */
  written: boolean;
  /** A name for a deployment directory that does not exist yet. */
  directory: string;
}

/**
 * `deploy init`: writes the spec of a stack, as the last step and atomically. An existing file that differs is only
 * overwritten with `--force`.
 * @returns undefined in a dry run, which prints the spec
 * @throws LaconicError for options that are not valid, or an existing file that differs
 */
export async function initSpec(options: InitOptions, context: Context): Promise<InitOutcome | undefined> {
  const output = resolve(context.cwd, options.output);
  if ((await kindOf(dirname(output))) !== 'directory') {
    throw new LaconicError(`cannot write ${options.output}: the directory ${dirname(output)} does not exist`);
  }
  checkClusterOptions(options, context);
  const loaded = await loadStack(options.stack, context);
  const config = parseConfigOption(options.config);
  warnAboutCommas(options.config, config, context);
  const configFile = options.configFile === undefined ? new Map() : await readConfigFile(options.configFile, context);
  const composeFiles = await readFiles(loaded);
  await warnAboutUnusedHooks(loaded.assets, context.report);
  const facts = { deployTo: options.deployTo, project: '', envFile: null };
  const hookResult = context.options.dryRun ? undefined : await runInitHook(loaded, facts, context);
  const text = composeSpec({
    stackReference: options.stack,
    deployTo: options.deployTo,
    kubeConfig: options.kubeConfig,
    imageRegistry: options.imageRegistry,
    hookResult,
    config,
    configFile,
    recipe: options.mapPortsToHost,
    composeFiles,
  });
  const existing = await readTextIfAny(output);
  if (context.options.dryRun) {
    for (const { file } of (await loaded.assets.hookSources()).slice(0, 1)) {
      context.report.print(`would call init of ${file}, and merge what it returns`);
    }
    const kept = existing !== undefined && !options.force;
    context.report.print(kept ? `would refuse to write ${output} if it differs from:` : `would write ${output}:`);
    context.report.write(text);
    return undefined;
  }
  if (existing !== undefined && existing !== text && !options.force) {
    throw new LaconicError(`${options.output} exists and differs from the spec this would write`, {
      hint: '--force overwrites it',
    });
  }
  // A link stays a link: its target is replaced.
  if (existing !== text) {
    const mode = holdsValues(Object.values(mapOf(mapOf(parseYaml(text, output).value).config)))
      ? secretMode
      : undefined;
    await writeFileAtomically(existing === undefined ? output : await realpath(output), text, mode);
  }
  return { written: existing !== text, directory: await freeDirectory(context.cwd) };
}

/** A name for a deployment directory that does not exist in `cwd`. */
async function freeDirectory(cwd: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const name = `deployment-${String(number).padStart(3, '0')}`;
    if ((await kindOf(resolve(cwd, name))) === undefined) return name;
  }
}

function checkClusterOptions(options: InitOptions, context: Context): void {
  if (options.deployTo === 'k8s') {
    if (options.kubeConfig === undefined) throw new LaconicError('--kube-config must be supplied with --deploy-to k8s');
    if (options.imageRegistry === undefined) {
      context.report.print(
        'WARNING: --image-registry not specified, only default container registries (eg, Docker Hub) will be available',
      );
    }
    return;
  }
  if (options.kubeConfig !== undefined)
    throw new LaconicError(`--kube-config is not allowed with a ${options.deployTo} deployment`);
  if (options.imageRegistry !== undefined)
    throw new LaconicError(`--image-registry is not allowed with a ${options.deployTo} deployment`);
}

/** In a single `--config`, a part without a name, most likely a typing error, belongs to the previous value. */
function warnAboutCommas(given: readonly string[], config: ReadonlyMap<string, string>, { report }: Context): void {
  if (given.length !== 1) return;
  for (const [name, value] of config) {
    if (!/,\s*[^,\s=]*=/.test(value)) continue;
    report.warn(
      `--config: the value of ${name} contains a comma that no NAME= follows: it is one value; repeat --config to set several`,
    );
  }
}

async function readConfigFile(path: string, context: Context): Promise<Map<string, string>> {
  const text = await readTextIfAny(resolve(context.cwd, path));
  if (text === undefined) throw new LaconicError(`config file: ${path} does not exist`);
  requireUtf8(text, path);
  return parseConfigFile(text, path, (name) => context.env[name]);
}

/**
 * Reads the files of pods, with their includes, and of jobs as a spec needs them: services include inherited ports and
 * mounts, and the volumes are those of the whole project. Files that are only extended are left out.
 */
async function readFiles({ stack, assets }: LoadedStack): Promise<{ pods: ComposeFile[]; jobs: ComposeFile[] }> {
  const { files, missing } = await readComposeFiles(stack, assets);
  if (missing.length > 0) throw new InvalidFileError(missing);
  const volumes = new Set(files.flatMap((read) => (read.role === 'extends' ? [] : [...read.file.volumes])));
  const whole = (read: ReadComposeFile): ComposeFile => {
    const services = [...read.file.services.values()].map((service) => {
      const line = lineOf(files, read, service.name).map((one) => one.service);
      const { ports, mounts } = { ports: line.flatMap((one) => one.ports), mounts: line.flatMap((one) => one.mounts) };
      return [service.name, { ...service, ports, mounts }] as const;
    });
    return { ...read.file, services: new Map(services), volumes };
  };
  const of = (...roles: ReadComposeFile['role'][]): ComposeFile[] =>
    files.filter(({ role }) => roles.includes(role)).map(whole);
  return { pods: of('pod', 'include'), jobs: of('job') };
}

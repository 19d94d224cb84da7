import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { bindVolume, renderCompose, setServicePorts } from '../compose/edit.js';
import { ownDefinition } from '../compose/volumes.js';
import { mentionedNames, outsideServices } from '../compose/interpolation.js';
import { checkAgainstStack } from '../spec/check.js';
import type { Spec } from '../spec/parse.js';
import type { Stack } from '../stack/parse.js';
import type { StackAssets } from '../stack/assets.js';
import type { StackLocation } from '../stack/locate.js';
import { formatProblem, InvalidFileError, LaconicError, type Problem } from '../system/errors.js';
import { kindOf } from '../system/files.js';
import { realPlace } from '../system/links.js';
import { renderSources } from './behind.js';
import {
  type ComposeFiles,
  inheritedBy,
  jobPath,
  placeOf,
  type ReadComposeFile,
  readComposeFiles,
  serviceNames,
  usedServices,
} from './compose-files.js';
import { byLine } from '../system/schema.js';
import { composeValues } from './compose-values.js';
import { faultsOf, missingMounts, projectFiles } from './compose-project.js';
import { filesOfTree } from './files.js';
import { filesBeside } from './files-beside.js';
import { hookFiles } from './hook-files.js';
import type { Manifest } from './manifest.js';
import { jobOverrides, podOverrides, specOverrides } from './spec-overrides.js';
import { contentOf, filesBelow, type GeneratedFile, type GeneratedTree, type VolumeDirectory } from './tree.js';
import type { DeploymentRecord } from './record.js';
import type { TargetGenerator } from './target.js';
import { type UnsetName, unsetNames } from './variable-checks.js';
import { unfitVolumePaths, volumesOverOurs } from './volume-checks.js';
import { placeVolume } from './volume-paths.js';
import { isBelow } from '../system/path-names.js';

/** What a deployment directory is generated from. */
export interface GenerateInput {
  /** Absolute path the directory has, or will have. */
  root: string;
  location: StackLocation;
  stack: Stack;
  assets: StackAssets;
  spec: Spec;
  /** Mode of the copy of the spec. */
  specMode: number;
  /** `config.env`, and `secrets.env` if there is one. */
  environment: readonly GeneratedFile[];
  record: DeploymentRecord;
  /** Where relative paths of the spec start. */
  cwd: string;
  /** The environment of the program: it sets names that the spec does not. */
  env: NodeJS.ProcessEnv;
  /** False for a directory that the Python program made. */
  ours: boolean;
  /** What the last create or update made of the directory; undefined while there is none. */
  manifest: Manifest | undefined;
  /** Absent on Docker Compose. */
  target: TargetGenerator | undefined;
}

export interface Generated {
  /** The directory the tree is made for, absolute. */
  root: string;
  /** The services of its pods and jobs. */
  services: ReadonlySet<string>;
  tree: GeneratedTree;
  warnings: Problem[];
  /** The record of what of the stack it is made from. */
  sources: string;
  /** Variables that nothing sets; their warnings are among the others. */
  unset: readonly UnsetName[];
  /** Misspelt names and files that Compose will not find: errors at create, warnings later. */
  refusedAtCreate: Problem[];
  /** On Docker Compose: what it will refuse in the compose files, unless a create hook brings it. */
  faults: Problem[];
}

/**
 * All files of a deployment directory, as data: nothing is written. Reads the stack's files and the credentials files.
 * @throws InvalidFileError, LaconicError for anything that would make an unusable directory
 */
export async function generateTree(input: GenerateInput): Promise<Generated> {
  const { spec, stack, assets } = input;
  const misplaced = volumesOverOurs(spec, input.root);
  if (misplaced.length > 0) throw new InvalidFileError(misplaced);
  const read = await readComposeFiles(stack, assets);
  const composeFiles = read.files;
  const hooks = await hookFiles(await assets.hookSources(), (path) => assets.repositoryOf(path));
  const files: GeneratedFile[] = [
    { path: 'spec.yml', source: { text: spec.yaml.text }, mode: input.specMode },
    { path: 'stack.yml', source: { text: stack.yaml.text }, mode: 0o644 },
    ...hooks.files,
    ...input.environment,
  ];

  const directories = ['compose', ...hooks.directories, ...stack.pods.map((pod) => join('pods', pod.name))];
  if (stack.jobs.length > 0) directories.push('compose-jobs');
  for (const each of composeFiles) if (!isAbsolute(each.path)) files.push(editComposeFile(each, composeFiles, input));
  for (const { path, source } of read.variables) {
    if (isAbsolute(path)) continue;
    const copyOf = await realPlace(source, await assets.repositoryOf(source));
    files.push({ path, source: { copyOf }, mode: (await stat(copyOf)).mode & 0o777 });
  }
  const taken = new Set(files.map((file) => file.path));
  for (const config of await configTrees(read, assets)) {
    // A compose file in it that others include is there already, with the ports and volumes of the spec.
    files.push(...config.files.filter((file) => !taken.has(file.path)));
    directories.push(...config.directories);
  }
  files.push(...(await podScripts(stack, assets)));

  const values = await composeValues(read, filesOfTree(input.root, files), input.env);
  const project = projectFiles(read, values, new Set(spec.imageOverrides.keys()));
  const beside = await filesBeside(project, {
    root: input.root,
    manifest: input.manifest,
    assets,
    taken: new Set([...files.map(({ path }) => path), podOverrides, ...stack.jobs.map(jobOverrides)]),
    mounted: input.target === undefined,
  });
  files.push(...beside.files);
  directories.push(...beside.directories);

  const added = await input.target?.generate({ ...input, composeFiles, files, directories });
  if (added !== undefined) {
    if (added.errors.length > 0) throw new InvalidFileError(byLine(added.errors));
    files.push(...added.files);
    directories.push(...added.directories);
  }

  const overrides = input.target === undefined ? specOverrides(spec, composeFiles) : undefined;
  files.push(...(overrides?.files ?? []));

  const volumes = await volumeDirectories(input);
  const facts = await factsOf(composeFiles, files);
  const unset = unsetNames(read, spec, values);
  const there = filesOfTree(input.root, files, directories, Object.keys(input.manifest ?? {}));
  const faults = input.target === undefined ? await faultsOf(read, project, there) : undefined;
  const checks = checkAgainstStack(spec, { ...facts, unset: new Set(unset.map(({ name }) => name)) });
  return {
    root: input.root,
    services: facts.services,
    tree: { files: withoutVolumeContent(files, volumes, input.root), directories, volumes },
    sources: await renderSources(files, [stack.yaml, ...composeFiles.map(({ file }) => file.yaml)]),
    unset,
    warnings: [
      ...stack.warnings,
      ...unset.map(({ problem }) => problem),
      ...checks.filter((check) => check.nearMiss === undefined).map((check) => check.problem),
      // On any other cluster the paths are those of its nodes.
      ...(spec.deployTo === 'k8s' ? [] : await unfitVolumePaths(spec, input.root, facts.volumes)),
      ...(overrides?.warnings ?? []),
      ...jobsWithoutFile(stack, composeFiles),
      ...(added?.warnings ?? []),
      ...(input.target === undefined ? replacedDefinitions(input.spec, composeFiles) : []),
      ...(added === undefined ? await missingMounts(project, there) : []),
      ...read.unknown,
      ...beside.warnings,
      ...(faults?.unsettled ?? []),
    ],
    refusedAtCreate: [
      ...checks.filter((check) => check.nearMiss !== undefined).map((check) => check.problem),
      ...read.missing,
      ...(overrides?.refused ?? []),
      ...beside.refused,
    ],
    faults: faults?.problems ?? [],
  };
}

function editComposeFile(read: ReadComposeFile, all: readonly ReadComposeFile[], input: GenerateInput): GeneratedFile {
  const { file } = read;
  // What others extend stays as it is written: services of this name are theirs.
  if (read.role === 'extends') return { path: read.path, source: { text: renderCompose(file) }, mode: 0o644 };
  for (const [service, ports] of input.spec.ports) {
    if (!file.services.has(service)) continue;
    const inherits = inheritedBy(all, read, service).some((one) => one.service.ports.length > 0);
    setServicePorts(file, service, ports, inherits);
  }
  for (const [volume, path] of input.spec.volumes) {
    // On Kubernetes a volume is a claim: the compose file's own definition stays as it is.
    if (path !== undefined && file.volumes.has(volume) && input.target === undefined) {
      bindVolume(file, volume, deviceFor(read, path, input.root));
    }
  }
  return { path: read.path, source: { text: renderCompose(file) }, mode: 0o644 };
}

/** Entries of the spec that put an empty directory where a compose file says that the data is elsewhere. */
function replacedDefinitions(spec: Spec, files: readonly ReadComposeFile[]): Problem[] {
  return files.flatMap(({ role, file }) => {
    if (role === 'extends') return [];
    return [...spec.volumes].flatMap(([volume, path]) => {
      const definition = path === undefined ? undefined : ownDefinition(file, volume);
      if (definition === undefined) return [];
      const where = formatProblem(file.yaml.problem(['volumes', volume], definition));
      return [
        spec.yaml.problem(
          ['volumes', volume],
          `the directory ${path ?? ''} takes the place of the volume as the stack defines it (${where}): leave the entry empty to use that`,
        ),
      ];
    });
  });
}

/** The volume's path as this file has to say it: relative ones from where the file's paths start. */
function deviceFor(read: ReadComposeFile, value: string, root: string): string {
  const place = placeVolume(value, root, homedir());
  const below = relative(resolve(root, read.base), place.path);
  const elsewhere = place.relative && read.base !== 'compose' && read.base !== 'compose-jobs';
  const device = elsewhere ? (below.startsWith('.') ? below : `./${below}`) : place.device;
  // To Compose a `$` begins a variable; in the spec it is a part of the name.
  return device.replaceAll('$', '$$$$');
}

/** The `<dir>` of a path below `config/<dir>` in the deployment directory, or undefined. */
function configDirectoryOf(path: string | undefined): string | undefined {
  const [config, name] = path?.split(sep) ?? [];
  return config === 'config' && name ? name : undefined;
}

async function configTrees(
  { files, variables }: ComposeFiles,
  assets: StackAssets,
): Promise<{ files: GeneratedFile[]; directories: string[] }[]> {
  const names = new Set(files.map(({ owner }) => owner));
  const paths = [...files, ...variables].map(({ path }): string | undefined => path);
  for (const { read, service } of usedServices(files)) {
    const binds = service.mounts.filter((mount) => mount.kind === 'bind').map((mount) => mount.source ?? '');
    paths.push(...[...binds, ...service.envFiles].map((path) => placeOf(read, path)));
  }
  for (const name of paths.map(configDirectoryOf)) if (name !== undefined) names.add(name);
  const trees = [];
  for (const name of names) {
    const found = await assets.configDirectory(name);
    if (found) trees.push(await filesBelow(found.path, join('config', name), await assets.repositoryOf(found.path)));
  }
  return trees;
}

async function podScripts(stack: Stack, assets: StackAssets): Promise<GeneratedFile[]> {
  const files: GeneratedFile[] = [];
  for (const pod of stack.pods) {
    for (const command of new Set([pod.preStartCommand, pod.postStartCommand])) {
      if (command === undefined) continue;
      const source = assets.podScript(pod, command);
      if ((await kindOf(source)) !== 'file') {
        throw new LaconicError(`the script ${command} of pod ${pod.name} does not exist: ${source}`);
      }
      files.push({
        path: join('pods', pod.name, 'scripts', command),
        source: { copyOf: await realPlace(source, await assets.repositoryOf(source)) },
        mode: (await stat(source)).mode & 0o777,
      });
    }
  }
  return files;
}

async function volumeDirectories(input: GenerateInput): Promise<VolumeDirectory[]> {
  const found: VolumeDirectory[] = [];
  for (const [volume, value] of input.spec.volumes) {
    if (value === undefined) continue;
    const place = placeVolume(value, input.root, homedir());
    if (!place.relative) continue;
    const seed = await input.assets.configDirectory(volume);
    // A bundled config directory that happens to be called like a volume of somebody's stack is not its data.
    const own = seed !== undefined && !(seed.internal && input.location.external) && input.target === undefined;
    // What is in the seed is copied later: a link in it that cannot be followed is refused now.
    if (own) await filesBelow(seed.path, volume, await input.assets.repositoryOf(seed.path));
    found.push({ volume, path: place.path, ...(own ? { seed: seed.path } : {}) });
  }
  return found;
}

/** Nothing is generated inside a volume: what stands there belongs to the containers. */
function withoutVolumeContent(
  files: GeneratedFile[],
  volumes: readonly VolumeDirectory[],
  root: string,
): GeneratedFile[] {
  return files.filter((file) => !volumes.some((volume) => isBelow(join(root, file.path), volume.path)));
}

async function factsOf(
  read: readonly ReadComposeFile[],
  files: readonly GeneratedFile[],
): Promise<{ services: Set<string>; volumes: Set<string>; mentioned: Set<string> }> {
  const used = usedServices(read);
  const project = read.filter(({ role }) => role !== 'extends');
  const services = serviceNames(read);
  const volumes = new Set(project.flatMap(({ file }) => [...file.volumes]));
  const mentioned = new Set<string>();
  for (const each of read) {
    const mine = used.filter((one) => one.read === each).map(({ service }) => service);
    const envFiles = new Map<string, string>();
    for (const name of mine.flatMap((service) => service.envFiles)) {
      const path = placeOf(each, name);
      const generated = files.find((candidate) => candidate.path === path);
      if (generated) envFiles.set(name, (await contentOf(generated)).toString('utf8'));
    }
    const names = mentionedNames(each.file, envFiles);
    const parts = mine.map(({ name }) => name);
    if (each.role !== 'extends') parts.push(outsideServices);
    for (const part of parts) for (const name of names.get(part) ?? []) mentioned.add(name);
  }
  return { services, volumes, mentioned };
}

function jobsWithoutFile(stack: Stack, read: readonly ReadComposeFile[]): Problem[] {
  const found = new Set(read.map(({ path }) => path));
  return stack.jobs.flatMap((job, index) =>
    found.has(jobPath(job))
      ? []
      : [
          stack.yaml.problem(
            ['jobs', index],
            `job ${job} cannot be run: there is no compose-jobs/docker-compose-${job}.yml`,
          ),
        ],
  );
}

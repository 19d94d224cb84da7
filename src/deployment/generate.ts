import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, normalize, sep } from 'node:path';
import { bindVolume, renderCompose, setServicePorts } from '../compose/edit.js';
import { type ComposeFile, parseComposeFile } from '../compose/file.js';
import { mentionedNames } from '../compose/interpolation.js';
import { checkAgainstStack } from '../spec/check.js';
import type { Spec } from '../spec/parse.js';
import type { Stack } from '../stack/parse.js';
import type { StackAssets } from '../stack/assets.js';
import type { StackLocation } from '../stack/locate.js';
import { InvalidFileError, LaconicError, type Problem } from '../system/errors.js';
import { kindOf, readText } from '../system/files.js';
import { byLine } from '../system/schema.js';
import { contentOf, filesBelow, type GeneratedFile, type GeneratedTree, type VolumeDirectory } from './tree.js';
import type { DeploymentRecord } from './record.js';
import type { TargetGenerator } from './target.js';
import { missingVolumePaths, volumesOverOurs } from './volume-checks.js';
import { isBelow, placeVolume } from './volume-paths.js';

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
  /** False for a directory that the Python program made. */
  ours: boolean;
  /** Absent on Docker Compose. */
  target: TargetGenerator | undefined;
}

export interface Generated {
  /** The directory the tree is made for, absolute. */
  root: string;
  tree: GeneratedTree;
  warnings: Problem[];
  /** Problems that look like a misspelt name: errors at create, warnings later (decision 10). */
  nearMisses: Problem[];
}

interface ReadComposeFile {
  /** Where it goes in the deployment directory. */
  path: string;
  /** The pod's or job's name: its config directory is called the same. */
  owner: string;
  file: ComposeFile;
}

/**
 * Everything of 01 §11, as data: nothing is written. Reads the stack's files and the credentials files.
 * @throws InvalidFileError, LaconicError for anything that would make an unusable directory
 */
export async function generateTree(input: GenerateInput): Promise<Generated> {
  const { spec, stack, assets } = input;
  const misplaced = volumesOverOurs(spec, input.root);
  if (misplaced.length > 0) throw new InvalidFileError(misplaced);
  const composeFiles = await readComposeFiles(stack, assets);
  const files: GeneratedFile[] = [
    { path: 'spec.yml', source: { text: spec.yaml.text }, mode: input.specMode },
    { path: 'stack.yml', source: { text: stack.yaml.text }, mode: 0o644 },
    ...(await hookFiles(assets)),
    ...input.environment,
  ];

  const directories = ['compose', ...stack.pods.map((pod) => join('pods', pod.name))];
  if (stack.jobs.length > 0) directories.push('compose-jobs');
  for (const read of composeFiles) files.push(editComposeFile(read, input));
  for (const config of await configTrees(composeFiles, assets)) {
    files.push(...config.files);
    directories.push(...config.directories);
  }
  files.push(...(await podScripts(stack, assets)));

  const added = await input.target?.generate({ ...input, composeFiles, files });
  if (added !== undefined) {
    if (added.errors.length > 0) throw new InvalidFileError(byLine(added.errors));
    files.push(...added.files);
    directories.push(...added.directories);
  }

  const volumes = await volumeDirectories(input);
  const facts = await factsOf(composeFiles, files);
  const checks = checkAgainstStack(spec, facts);
  return {
    root: input.root,
    tree: { files: withoutVolumeContent(files, volumes, input.root), directories, volumes },
    warnings: [
      ...stack.warnings,
      ...checks.filter((check) => check.nearMiss === undefined).map((check) => check.problem),
      // On any other cluster the paths are those of its nodes.
      ...(spec.deployTo === 'k8s' ? [] : await missingVolumePaths(spec, input.root, facts.volumes)),
      ...jobsWithoutFile(stack, composeFiles),
      ...(added?.warnings ?? []),
      ...(added === undefined ? missingBindSources(composeFiles, files, directories) : []),
    ],
    nearMisses: checks.filter((check) => check.nearMiss !== undefined).map((check) => check.problem),
  };
}

/** The compose files of a stack's pods, then of those of its jobs that have one (01 §3.6), parsed. */
export async function readComposeFiles(stack: Stack, assets: StackAssets): Promise<ReadComposeFile[]> {
  const read: ReadComposeFile[] = [];
  for (const pod of stack.pods) {
    const source = await assets.podFile(pod);
    const path = join('compose', `docker-compose-${pod.name}.yml`);
    read.push({ path, owner: pod.name, file: parseComposeFile(await readText(source), source) });
  }
  for (const job of stack.jobs) {
    const source = await assets.jobFile(job);
    if (source === undefined) continue;
    read.push({ path: jobPath(job), owner: job, file: parseComposeFile(await readText(source), source) });
  }
  return read;
}

function jobPath(job: string): string {
  return join('compose-jobs', `docker-compose-${job}.yml`);
}

async function hookFiles(assets: StackAssets): Promise<GeneratedFile[]> {
  const sources = await assets.hookSources();
  return sources.map((source, index) => {
    const extension = source.file.slice(source.file.lastIndexOf('.'));
    const name = sources.length === 1 ? `commands${extension}` : `commands_${index}${extension}`;
    return { path: join('hooks', name), source: { copyOf: source.file }, mode: 0o644 };
  });
}

function editComposeFile(read: ReadComposeFile, input: GenerateInput): GeneratedFile {
  const { file } = read;
  for (const [service, ports] of input.spec.ports)
    if (file.services.has(service)) setServicePorts(file, service, ports);
  for (const [volume, path] of input.spec.volumes) {
    // On Kubernetes a volume is a claim: the compose file's own definition stays as it is.
    if (path !== undefined && file.volumes.has(volume) && input.target === undefined) {
      bindVolume(file, volume, placeVolume(path, input.root, homedir()).device);
    }
  }
  return { path: read.path, source: { text: renderCompose(file) }, mode: 0o644 };
}

/** The `<dir>` of `../config/<dir>/…`, or undefined. */
function configDirectoryOf(path: string): string | undefined {
  const [up, config, name] = normalize(path).split(sep);
  return up === '..' && config === 'config' && name ? name : undefined;
}

async function configTrees(
  read: readonly ReadComposeFile[],
  assets: StackAssets,
): Promise<{ files: GeneratedFile[]; directories: string[] }[]> {
  const names = new Set<string>();
  for (const { owner, file } of read) {
    names.add(owner);
    for (const service of file.services.values()) {
      const binds = service.mounts.filter((mount) => mount.kind === 'bind').map((mount) => mount.source ?? '');
      for (const path of [...binds, ...service.envFiles]) {
        const name = configDirectoryOf(path);
        if (name !== undefined) names.add(name);
      }
    }
  }
  const trees = [];
  for (const name of names) {
    const found = await assets.configDirectory(name);
    if (found) trees.push(await filesBelow(found.path, join('config', name)));
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
        source: { copyOf: source },
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
    // A bundled config directory that happens to be called like a volume of somebody's stack is not its data (01 §20.8).
    const own = seed !== undefined && !(seed.internal && input.location.external) && input.target === undefined;
    found.push({ volume, path: place.path, ...(own ? { seed: seed.path } : {}) });
  }
  return found;
}

/** Nothing is generated inside a volume: what stands there belongs to the containers (decision 3). */
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
  const services = new Set<string>();
  const volumes = new Set<string>();
  const mentioned = new Set<string>();
  for (const { path, file } of read) {
    for (const volume of file.volumes) volumes.add(volume);
    const envFiles = new Map<string, string>();
    for (const service of file.services.values()) {
      services.add(service.name);
      for (const name of service.envFiles) {
        const generated = files.find((candidate) => candidate.path === normalize(join(dirname(path), name)));
        if (generated) envFiles.set(name, (await contentOf(generated)).toString('utf8'));
      }
    }
    for (const names of mentionedNames(file, envFiles).values()) for (const name of names) mentioned.add(name);
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

/** Bind sources inside the directory that nothing provides: the engine would create an empty directory as root (01 §20.23). */
function missingBindSources(
  read: readonly ReadComposeFile[],
  files: readonly GeneratedFile[],
  directories: readonly string[],
): Problem[] {
  const provided = new Set<string>();
  for (const path of [...directories, ...files.map((file) => file.path)]) {
    for (let at = path; at !== '.'; at = dirname(at)) provided.add(at);
  }
  const problems: Problem[] = [];
  for (const { path, file } of read) {
    for (const service of file.services.values()) {
      for (const mount of service.mounts) {
        const source = mount.source ?? '';
        if (mount.kind !== 'bind' || isAbsolute(source) || source.startsWith('~') || source.includes('$')) continue;
        const inside = normalize(join(dirname(path), source));
        if (inside.startsWith('..') || provided.has(inside)) continue;
        problems.push(
          file.yaml.problem(
            ['services', service.name, 'volumes'],
            `nothing in the stack provides ${source}, mounted at ${mount.target}: the engine will create an empty directory there (expected in config/${configDirectoryOf(source) ?? basename(inside)})`,
          ),
        );
      }
    }
  }
  return problems;
}

import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type HostPath, hostPathsOf } from '../compose/model/host-paths.js';
import type { StackAssets } from '../stack/assets.js';
import type { Problem } from '../system/errors.js';
import { kindOf, secretMode } from '../system/files.js';
import { realPlace } from '../system/links.js';
import { besideFolders, placeOf, type ReadComposeFile, twoFiles } from './compose-files.js';
import { modelOf, type ProjectFile } from './compose-project.js';
import type { Manifest } from './manifest.js';
import { filesBelow, type GeneratedFile } from './tree.js';

export interface FilesBeside {
  files: GeneratedFile[];
  directories: string[];
  /** Two files that would be one. */
  refused: Problem[];
  /** What the deployment directory has already, and not from the stack. */
  warnings: Problem[];
}

export interface BesideInput {
  /** The deployment directory, absolute. */
  root: string;
  /** What the last create or update made of it; undefined while there is none. */
  manifest: Manifest | undefined;
  assets: StackAssets;
  /** Paths that are generated anyway. */
  taken: ReadonlySet<string>;
  /** Whether mounts, secrets and configs are read in the directory, or env files only. */
  mounted: boolean;
}

/** A path that a compose file names, and where it stands. */
interface Named extends Pick<HostPath, 'source' | 'at'> {
  read: ReadComposeFile;
  secret: boolean;
  problem(message: string): Problem;
}

/**
 * Copies of what stands beside the compose files of a stack and is named in them: env files, the files of secrets and
 * configs, and what containers only read. Secrets are for their owner only. What containers may write to is theirs, and
 * no part of the stack.
 * @throws LaconicError for a link that leads out of the stack's repository
 */
export async function filesBeside(project: readonly ProjectFile[], input: BesideInput): Promise<FilesBeside> {
  const result: FilesBeside = { files: [], directories: [], refused: [], warnings: [] };
  const origins = new Map<string, string>();
  const found = new Map<string, GeneratedFile>();
  for (const named of project.flatMap((file) => [...namedIn(file, input.mounted)])) {
    const place = placeOf(named.read, named.source);
    if (place === undefined || !besideFolders.test(place) || input.taken.has(place)) continue;
    const origin = resolve(named.read.sourceBase, named.source);
    const kind = await kindOf(origin);
    if (kind !== 'file' && kind !== 'directory') continue;
    const known = origins.get(place);
    if (known !== undefined && !(await sameContent(known, origin))) {
      result.refused.push(named.problem(twoFiles(known, origin, place)));
      continue;
    }
    origins.set(place, origin);
    if (await isOfOthers(place, input)) {
      if (!(await sameContent(origin, join(input.root, place)))) result.warnings.push(named.problem(keptText(place)));
      continue;
    }
    const within = await input.assets.repositoryOf(origin);
    const copied =
      kind === 'file'
        ? { files: [await copyOf(origin, place, within)], directories: [] }
        : await filesBelow(origin, place, within);
    result.directories.push(...copied.directories);
    for (const file of copied.files) {
      if (input.taken.has(file.path)) continue;
      const mode = named.secret ? secretMode : (found.get(file.path)?.mode ?? file.mode);
      found.set(file.path, { ...file, mode });
    }
  }
  return { ...result, files: [...found.values()] };
}

function* namedIn(file: ProjectFile, mounted: boolean): Generator<Named> {
  const { read, reading } = file;
  const model = modelOf(file);
  for (const { path: source, at } of reading.envFiles) {
    yield { read, source, at, secret: false, problem: (message) => model.problem(at, message) };
  }
  if (!mounted) return;
  for (const { kind, source, at, mount } of hostPathsOf(model)) {
    if (mount?.read_only === false) continue;
    yield { read, source, at, secret: kind === 'secret', problem: (message) => model.problem(at, message) };
  }
}

async function copyOf(origin: string, path: string, within: string): Promise<GeneratedFile> {
  const place = await realPlace(origin, within);
  return { path, source: { copyOf: place }, mode: (await stat(place)).mode & 0o777 };
}

/** Whether something stands there that no create or update made: the operator's, a hook's or the engine's. */
async function isOfOthers(place: string, { root, manifest }: BesideInput): Promise<boolean> {
  if (manifest === undefined || (await kindOf(join(root, place))) === undefined) return false;
  return !Object.keys(manifest).some((path) => path === place || path.startsWith(`${place}/`));
}

function keptText(place: string): string {
  return `${place} in the deployment directory is not from the stack and stays as it is: move it away and update to have the stack's`;
}

/** Whether two files, or folders of files, hold the same; two that are both not there do too. */
export async function sameContent(one: string, other: string): Promise<boolean> {
  const [kind, otherKind] = await Promise.all([kindOf(one), kindOf(other)]);
  if (kind !== otherKind) return false;
  if (kind === 'file') return (await readFile(one)).equals(await readFile(other));
  if (kind !== 'directory') return kind === undefined;
  const [names, otherNames] = await Promise.all([readdir(one), readdir(other)]);
  if (names.length !== otherNames.length) return false;
  for (const name of names) {
    if (!(await sameContent(join(one, name), join(other, name)))) return false;
  }
  return true;
}

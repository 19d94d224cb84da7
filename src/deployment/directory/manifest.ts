import { chmod, lstat, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import {
  copyTree,
  kindOf,
  makeDirectory,
  readTextIfAny,
  secretMode,
  sha256,
  writeFileAtomically,
} from '../../system/files/files.js';
import type { DeploymentLayout } from './layout.js';
import { parseOwnJson } from './state-file.js';
import { checksumOf, type GeneratedFile } from './tree.js';

/**
 * SHA-256 of every generated file, as left by the last create or update including its hooks, by path relative to the
 * directory.
 */
export type Manifest = Record<string, string>;

/** Folders of a deployment directory whose files are generated. */
export const generatedFolders = [
  'binds',
  'ca-certificates',
  'compose',
  'compose-jobs',
  'config',
  'configmaps',
  'hooks',
  'pods',
];

/** Number of generations of generated files to keep. */
const generations = 5;

const damaged = 'delete it: the next update recreates it, and names the files that the stack no longer has';

/**
 * Reads the manifest of a deployment; undefined in a directory that only the Python program wrote.
 * @throws LaconicError if it is damaged
 */
export async function readManifest(layout: DeploymentLayout): Promise<Manifest | undefined> {
  const text = await readTextIfAny(layout.manifest);
  return text === undefined ? undefined : (parseOwnJson(text, layout.manifest, damaged) as Manifest);
}

/** Renders the manifest of these files. */
export async function renderManifest(files: readonly GeneratedFile[]): Promise<string> {
  const entries = await Promise.all(files.map(async (file) => [file.path, await checksumOf(file)] as const));
  return manifestEntries(Object.fromEntries(entries.sort()));
}

/** Renders a manifest. */
export function manifestEntries(manifest: Manifest): string {
  return `${JSON.stringify(manifest, undefined, 1)}\n`;
}

/** Updates the manifest with changes that create hooks made to generated files: they are not edits of the operator. */
export async function acceptHookEdits(layout: DeploymentLayout): Promise<void> {
  const manifest = (await readManifest(layout)) ?? {};
  const edited: Manifest = {};
  for (const [path, checksum] of Object.entries(manifest)) {
    const now = await currentChecksum(join(layout.root, path));
    if (now !== undefined && now !== checksum) edited[path] = now;
  }
  if (Object.keys(edited).length === 0) return;
  await writeFileAtomically(layout.manifest, manifestEntries({ ...manifest, ...edited }), secretMode);
}

/**
 * Files that an update may remove from a directory of the Python program without a manifest: copies of hooks, which
 * would otherwise keep running after their source is gone.
 */
export async function impliedManifest(layout: DeploymentLayout): Promise<Manifest> {
  if ((await kindOf(layout.hooks)) !== 'directory') return {};
  const names = (await readdir(layout.hooks)).filter((name) => /^commands(_\d+)?\.py$/.test(name));
  const entries = await Promise.all(
    names.map(async (name) => [join('hooks', name), sha256(await readFile(join(layout.hooks, name)))] as const),
  );
  return Object.fromEntries(entries);
}

/** The checksum of what is at a path now (for a link, of its target's text); undefined if nothing is. */
export async function currentChecksum(path: string): Promise<string | undefined> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  if (found.isSymbolicLink()) return sha256(await readlink(path));
  return found.isFile() ? sha256(await readFile(path)) : undefined;
}

/**
 * Copies the present generated files into the staging area, as the generation `name`. It becomes part of the history
 * together with the update that replaces the files, so that killed and failed updates do not displace real generations.
 * @returns its path, relative to the deployment directory
 */
export async function stageGeneration(
  layout: DeploymentLayout,
  paths: readonly string[],
  name: string,
): Promise<string> {
  const place = relative(layout.root, join(layout.history, name));
  const target = join(layout.next, place);
  // They may hold secrets.
  await makeDirectory(layout.history, 0o700);
  await makeDirectory(target);
  for (const path of paths) {
    if ((await currentChecksum(join(layout.root, path))) !== undefined) {
      await copyTree(join(layout.root, path), join(target, path));
    }
  }
  // The operator's editor may have left another mode.
  const secrets = join(target, relative(layout.root, layout.secretsEnv));
  if ((await kindOf(secrets)) === 'file') await chmod(secrets, secretMode);
  await writeFileAtomically(join(target, '.paths.json'), JSON.stringify(paths), secretMode);
  return place;
}

/** Lists the kept generations, oldest first. */
export async function listGenerations({ history }: DeploymentLayout): Promise<string[]> {
  const found = await readdir(history, { withFileTypes: true }).catch(() => []);
  return found
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** A name for the next generation that sorts after the existing ones, even if the clock was set back. */
export async function nextGeneration(layout: DeploymentLayout): Promise<string> {
  const last = (await listGenerations(layout)).at(-1) ?? '';
  const time = Date.parse(last.replace(/T(\d\d)(\d\d)/, 'T$1:$2:'));
  const next = Number.isNaN(time) ? Date.now() : Math.max(Date.now(), time + 1);
  return new Date(next).toISOString().replaceAll(':', '');
}

/** Removes all but the newest generations, as the last step of an update. */
export async function pruneGenerations(layout: DeploymentLayout): Promise<void> {
  const kept = await listGenerations(layout);
  for (const old of kept.slice(0, Math.max(0, kept.length - generations))) {
    await rm(join(layout.history, old), { recursive: true, force: true });
  }
}

/** Whether a generated file differs from what the last create or update wrote; false if unknown. */
export function isEdited(manifest: Manifest | undefined, path: string, now: string | undefined): boolean {
  const left = manifest?.[path];
  return left !== undefined && now !== undefined && now !== left;
}

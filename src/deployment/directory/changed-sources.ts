import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative } from 'node:path';
import { readTextIfAny, sha256 } from '../../system/files/files.js';
import { shownCommand } from '../../system/shown-command.js';
import type { BehindFiles, BehindImages, BehindPart } from './behind.js';
import type { DeploymentLayout } from './layout.js';
import { currentChecksum, isEdited, readManifest } from './manifest.js';
import { parseOwnJson } from './state-file.js';
import { checksumOf, type GeneratedFile } from './tree.js';

/** Copied from a path in the spec, so not part of the stack. */
const ofOperator = 'kubeconfig.yml';

/**
 * The sources of a directory by absolute path: SHA-256 of files of the stack, and the names in folders that were copied
 * whole.
 */
type Sources = Readonly<Record<string, string | readonly string[]>>;

/**
 * Renders the record of the sources of a directory.
 * @param files the generated files; only copies are recorded
 * @param texts files of the stack that are edited when they are copied
 */
export async function renderSources(
  files: readonly GeneratedFile[],
  texts: readonly { file: string; text: string }[],
): Promise<string> {
  const copied = files.map(async (file) =>
    'copyOf' in file.source && file.path !== ofOperator ? [[file.source.copyOf, await checksumOf(file)] as const] : [],
  );
  const edited = texts.filter(({ file }) => isAbsolute(file)).map(({ file, text }) => [file, sha256(text)] as const);
  const folders = [...wholeFolders(files)].map(async (folder) => [folder, await namesIn(folder)] as const);
  const sources = [...edited, ...(await Promise.all(copied)).flat(), ...(await Promise.all(folders))].sort(
    ([a], [b]) => (a < b ? -1 : 1),
  );
  return `${JSON.stringify(Object.fromEntries(sources), undefined, 1)}\n`;
}

/** Folders in the stack's `config/` that are copied whole. Targets of links are not included. */
function wholeFolders(files: readonly GeneratedFile[]): Set<string> {
  const copied = files.filter(({ path }) => path.startsWith('config/'));
  const origins = copied.flatMap(({ path, source }) =>
    'copyOf' in source && source.copyOf.endsWith(`/${path}`) ? [dirname(source.copyOf)] : [],
  );
  return new Set(origins);
}

async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).sort();
}

/**
 * Finds sources that have changed since the directory was generated, so that a start would use old content. Empty for
 * directories without a record (those of the Python program); parts of the stack that are no longer on this host are
 * ignored.
 */
export async function behindParts(layout: DeploymentLayout): Promise<BehindFiles[]> {
  const apply = shownCommand([
    ...['laconic-so', 'deploy', 'create', '--update', '--spec-file', layout.spec, '--deployment-dir', layout.root],
  ]);
  const parts: BehindFiles[] = [];
  const spec = relative(layout.root, layout.spec);
  if (isEdited(await readManifest(layout), spec, await currentChecksum(layout.spec))) {
    parts.push({ part: 'spec', files: [layout.spec], apply });
  }
  const files = await changedSources(layout);
  if (files.length > 0) parts.push({ part: 'stack', files, apply });
  return parts;
}

async function changedSources({ sources: path }: DeploymentLayout): Promise<string[]> {
  const text = await readTextIfAny(path);
  if (text === undefined) return [];
  const sources = parseOwnJson(text, path, 'delete it: the next update recreates it') as Sources;
  const changed = Object.entries(sources).map(([source, then]) =>
    typeof then === 'string' ? changedFile(source, then) : changedNames(source, then),
  );
  return [...new Set((await Promise.all(changed)).flat())];
}

/** A missing file counts as changed if its folder still exists. */
async function changedFile(file: string, checksum: string): Promise<string[]> {
  const now = await readFile(file).then(sha256, () => undefined);
  if (now !== undefined) return now === checksum ? [] : [file];
  const names = await namesIn(dirname(file)).catch(() => undefined);
  return names === undefined || names.includes(basename(file)) ? [] : [file];
}

async function changedNames(folder: string, then: readonly string[]): Promise<string[]> {
  const now = await namesIn(folder).catch(() => undefined);
  if (now === undefined) return [];
  const differing = [...now.filter((name) => !then.includes(name)), ...then.filter((name) => !now.includes(name))];
  return differing.map((name) => join(folder, name));
}

/** Reports services with a rebuilt image; empty if there are none. */
export function behindImages({ root }: DeploymentLayout, services: readonly string[]): BehindImages[] {
  if (services.length === 0) return [];
  const apply = shownCommand(['laconic-so', 'deployment', '--dir', root, 'start']);
  return [{ part: 'image', services: [...services], apply }];
}

/** Describes a changed source on one line. */
export function behindText(behind: BehindPart): string {
  if (behind.part === 'image') {
    return `the image of ${behind.services.join(', ')} was rebuilt; recreate its containers with: ${behind.apply}`;
  }
  const {
    part,
    files: [first = '', ...others],
    apply,
  } = behind;
  const what =
    part === 'spec'
      ? `${first} was edited after the directory was created from it`
      : `the stack has changed since the directory was created from it (${first}${others.length > 0 ? ` and ${others.length} more` : ''})`;
  return `${what}; apply it with: ${apply}`;
}

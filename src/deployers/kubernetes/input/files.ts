import { posix } from 'node:path';
import { hostPathsOf } from '../../../compose/model/host-paths.js';
import type { DeploymentFiles } from '../../../deployment/directory/files.js';
import type { Spec } from '../../../spec/model.js';
import { quote } from '../../../system/yaml/yaml.js';
import { placesOf } from './bound-files.js';
import { maxBytes, maxFolderBytes } from '../objects/storage/config-files.js';
import type { BoundFile, FileContents, Findings, PodFileInput } from '../objects/common/input.js';

/** Returns the files below `configmaps/<volume>` of the volumes that the spec declares there. */
export async function declaredConfigmaps(spec: Spec, files: DeploymentFiles): Promise<Map<string, FileContents>> {
  const found = new Map<string, FileContents>();
  for (const volume of spec.configmaps.keys()) {
    const folder = `configmaps/${volume}`;
    const entries = await entriesBelow(folder, files);
    if (entries === undefined) continue;
    const contents = new Map<string, Buffer>();
    for (const { path, kind } of entries) {
      const content = kind === 'file' ? await files.read(posix.join(folder, path)) : undefined;
      if (content !== undefined) contents.set(path, content);
    }
    found.set(volume, contents);
  }
  return found;
}

interface Entry {
  /** Relative to the folder. */
  path: string;
  /** `empty` for a folder in which there are no files. */
  kind: 'file' | 'other' | 'empty';
}

/** What is in a folder and those below it, without backups, sorted by path; undefined if there is no such folder. */
async function entriesBelow(folder: string, files: DeploymentFiles, below = ''): Promise<Entry[] | undefined> {
  const names = await files.list(posix.join(folder, below));
  if (names === undefined) return undefined;
  const entries: Entry[] = [];
  for (const name of names.filter((each) => !isBackup(each))) {
    const path = posix.join(below, name);
    const kind = await files.kind(posix.join(folder, path));
    if (kind !== 'directory') entries.push({ path, kind: kind === 'file' ? kind : 'other' });
    else {
      const inside = (await entriesBelow(folder, files, path)) ?? [];
      entries.push(...(inside.every((each) => each.kind === 'empty') ? [{ path, kind: 'empty' as const }] : inside));
    }
  }
  return entries;
}

/** A backup that an update made of an edited file. */
function isBackup(name: string): boolean {
  return name.endsWith('.bak');
}

/**
 * Returns what is mounted from this host, and the files of secrets and configs, by the path in the compose file. If
 * create made no copy, relative paths are relative to `compose/`, also for jobs. Missing paths are left out: they are
 * reported where they are used.
 */
export async function boundFiles(
  podFiles: readonly PodFileInput[],
  files: DeploymentFiles,
  home: string,
  findings: Findings,
): Promise<Map<string, BoundFile>> {
  const found = new Map<string, BoundFile>();
  const seen = new Set<string>();
  for (const { model } of podFiles) {
    for (const { source, at } of hostPathsOf(model)) {
      if (seen.has(source)) continue;
      seen.add(source);
      const { file, problem, remark } = await readSource(await placeOf(source, home, files), source, files);
      if (problem !== undefined) findings.errors.push(model.problem(at, problem));
      if (remark !== undefined) findings.warnings.push(model.problem(at, remark));
      if (file !== undefined) found.set(source, file);
    }
  }
  return found;
}

/** Returns the copy of a path in a compose file if there is one, else the path itself. */
async function placeOf(source: string, home: string, files: DeploymentFiles): Promise<string> {
  const [copy, place] = placesOf(source, home);
  return (await files.kind(copy)) === undefined ? place : copy;
}

/** The mode bit that makes a file readable by everybody. */
const readableByAll = 0o004;

interface ReadFile {
  file?: BoundFile;
  problem?: string;
  /** What was left out. */
  remark?: string;
}

/** Reads a mounted path. What cannot be a ConfigMap yields a problem and no content, so that it is reported once. */
async function readSource(path: string, source: string, files: DeploymentFiles): Promise<ReadFile> {
  const empty: BoundFile = { kind: 'directory', files: new Map() };
  const kind = await files.kind(path);
  if (kind === undefined) return {};
  if (kind === 'other') {
    const problem = `${quote(source)} is neither a file nor a directory, but for example a socket or a device: pods cannot reach those of this host`;
    return { file: empty, problem };
  }
  const entries: Entry[] = kind === 'file' ? [{ path: '', kind }] : ((await entriesBelow(path, files)) ?? []);
  const modes = new Map<string, number>();
  const contents = new Map<string, Buffer>();
  let bytes = 0;
  for (const entry of entries) {
    if (entry.kind === 'empty') continue;
    const inside = posix.join(path, entry.path);
    if (entry.kind === 'other') {
      return { file: empty, problem: `${quote(posix.join(source, entry.path))} is not a regular file` };
    }
    const size = (await files.size(inside)) ?? 0;
    bytes += size;
    if (size > maxBytes || bytes > maxFolderBytes) {
      const problem = `${quote(source)} holds more than a file or directory of this host may, as it becomes a ConfigMap: ${maxBytes} bytes for each file, and ${maxFolderBytes} for all; use a named volume, on kind with a path below kind-mount-root`;
      return { file: empty, problem };
    }
    const content = await files.read(inside);
    if (content === undefined) continue;
    const key = entry.path === '' ? posix.basename(posix.normalize(source)) : entry.path;
    contents.set(key, content);
    const mode = await files.mode(inside);
    if (mode !== undefined && (mode & readableByAll) === 0) modes.set(key, mode);
  }
  const hollow = entries.filter((entry) => entry.kind === 'empty').map((entry) => entry.path);
  const remark =
    hollow.length === 0
      ? {}
      : { remark: `${quote(source)}: the empty folders in it are left out (${hollow.join(', ')})` };
  const own = modes.size === 0 ? {} : { modes };
  if (kind === 'directory') return { file: { kind, files: contents, ...own }, ...remark };
  const [[name, content] = ['', Buffer.alloc(0)]] = contents;
  return { file: { kind, name, content, ...own } };
}

import { posix } from 'node:path';
import { hostPathsOf } from '../../../compose/model/host-paths.js';
import type { DeploymentFiles } from '../../../deployment/directory/files.js';
import type { Spec } from '../../../spec/model.js';
import { quote } from '../../../system/yaml/yaml.js';
import { placesOf } from './bound-files.js';
import { maxBytes } from '../objects/storage/configmaps.js';
import type { BoundFile, FileContents, Findings, PodFileInput } from '../objects/common/input.js';

/** Returns the files in `configmaps/<volume>` of the volumes that the spec declares there, without folders. */
export async function declaredConfigmaps(spec: Spec, files: DeploymentFiles): Promise<Map<string, FileContents>> {
  const found = new Map<string, FileContents>();
  for (const volume of spec.configmaps.keys()) {
    const folder = `configmaps/${volume}`;
    const names = await files.list(folder);
    if (names === undefined) continue;
    const contents = new Map<string, Buffer>();
    for (const name of names.filter((each) => !isBackup(each))) {
      const path = posix.join(folder, name);
      const content = (await files.kind(path)) === 'file' ? await files.read(path) : undefined;
      if (content !== undefined) contents.set(name, content);
    }
    found.set(volume, contents);
  }
  return found;
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
  const found = kind === 'directory' ? ((await files.list(path)) ?? []) : [''];
  const names = found.filter((name) => !isBackup(name));
  const modes = new Map<string, number>();
  const hollow: string[] = [];
  const contents = new Map<string, Buffer>();
  let bytes = 0;
  for (const name of names) {
    const inside = name === '' ? path : posix.join(path, name);
    const what = name === '' ? 'file' : await files.kind(inside);
    if (what === 'directory' && (await isHollow(inside, files))) {
      hollow.push(name);
      continue;
    }
    if (what === 'directory') {
      const problem = `${quote(source)} contains a folder (${quote(name)}), but a directory of this host becomes a ConfigMap, which cannot contain folders: mount the folders one by one, or use a named volume`;
      return { file: empty, problem };
    }
    if (what !== 'file') return { file: empty, problem: `${quote(`${source}/${name}`)} is not a regular file` };
    bytes += (await files.size(inside)) ?? 0;
    if (bytes > maxBytes) {
      const problem = `${quote(source)} holds more than ${maxBytes} bytes, but a file or directory of this host becomes a ConfigMap, which cannot hold more: use a named volume, on kind with a path below kind-mount-root`;
      return { file: empty, problem };
    }
    const content = await files.read(inside);
    if (content === undefined) continue;
    const key = name === '' ? posix.basename(posix.normalize(source)) : name;
    contents.set(key, content);
    const mode = await files.mode(inside);
    if (mode !== undefined && (mode & readableByAll) === 0) modes.set(key, mode);
  }
  const remark =
    hollow.length === 0
      ? {}
      : { remark: `${quote(source)}: the empty folders in it are left out (${hollow.join(', ')})` };
  const own = modes.size === 0 ? {} : { modes };
  if (kind === 'directory') return { file: { kind, files: contents, ...own }, ...remark };
  const [[name, content] = ['', Buffer.alloc(0)]] = contents;
  return { file: { kind, name, content, ...own } };
}

/** Whether a folder and those below it contain no files. */
async function isHollow(path: string, files: DeploymentFiles): Promise<boolean> {
  for (const name of (await files.list(path)) ?? []) {
    const inside = posix.join(path, name);
    if ((await files.kind(inside)) !== 'directory' || !(await isHollow(inside, files))) return false;
  }
  return true;
}

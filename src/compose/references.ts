import { mapOf } from '../system/plain-map.js';
import type { KeyPath } from '../system/yaml.js';
import type { ComposeFile } from './file.js';

/** Another file that a compose file takes something from, as Compose itself does. */
export interface FileReference {
  /**
   * `include`: all of it belongs to the project; `extends`: one service is the start of one here; `variables`: an env
   * file for what is interpolated in an included file.
   */
  kind: 'include' | 'extends' | 'variables';
  /** As written, relative to the directory in which paths of the file start. */
  path: string;
  key: KeyPath;
  /** Of an included file: where its relative paths start, as written; absent: its own directory. */
  projectDirectory?: string;
}

/** What a service is an extension of. */
export interface Extension {
  service: string;
  /** Absent: a service of the same file. */
  path?: string;
}

/**
 * Every other file that a compose file names in `include` and `extends`, in the order of the file. What has another
 * shape is left to Compose.
 */
export function referencesOf(file: ComposeFile): FileReference[] {
  const { include } = mapOf(file.yaml.value);
  const references = (Array.isArray(include) ? include : []).flatMap((item: unknown, index) =>
    includeReferences(item, ['include', index]),
  );
  for (const name of file.services.keys()) {
    const path = extensionOf(file, name)?.path;
    if (path !== undefined) references.push({ kind: 'extends', path, key: ['services', name, 'extends', 'file'] });
  }
  return references;
}

function includeReferences(item: unknown, key: KeyPath): FileReference[] {
  if (typeof item === 'string') return [{ kind: 'include', path: item, key }];
  const { path, project_directory: directory, env_file: variables } = mapOf(item);
  const paths = texts(path);
  // Files of one entry are merged: they have the directory of the first.
  const projectDirectory = typeof directory === 'string' ? directory : directoryOf(paths[0]);
  return [
    ...paths.map((each) => ({
      kind: 'include' as const,
      path: each,
      key: [...key, 'path'],
      ...(projectDirectory === undefined ? {} : { projectDirectory }),
    })),
    ...texts(variables).map((each) => ({ kind: 'variables' as const, path: each, key: [...key, 'env_file'] })),
  ];
}

/** What this service of the file extends; undefined when it stands for itself. */
export function extensionOf(file: ComposeFile, service: string): Extension | undefined {
  const extended: unknown = mapOf(mapOf(mapOf(file.yaml.value).services)[service]).extends;
  if (typeof extended === 'string') return { service: extended };
  const { service: name, file: path } = mapOf(extended);
  if (typeof name !== 'string') return undefined;
  return { service: name, ...(typeof path === 'string' && path !== '' ? { path } : {}) };
}

function directoryOf(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  const end = path.lastIndexOf('/');
  return end < 0 ? '.' : path.slice(0, end + 1);
}

function texts(value: unknown): string[] {
  const all: unknown[] = Array.isArray(value) ? value : [value];
  return all.filter((each): each is string => typeof each === 'string' && each !== '');
}

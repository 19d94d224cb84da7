import { mapOf } from '../../system/plain-map.js';
import type { KeyPath } from '../../system/yaml/yaml.js';
import type { ComposeFile } from './file.js';

/** Another file that a compose file uses. */
export interface FileReference {
  /**
   * `include`: its content belongs to the project; `extends`: one of its services is extended here; `variables`: an env
   * file for the interpolation of an included file.
   */
  kind: 'include' | 'extends' | 'variables';
  /** As written, relative to the directory where the file's paths start. */
  path: string;
  key: KeyPath;
  /** Of an included file: the directory where its relative paths start, as written; absent: its own directory. */
  projectDirectory?: string;
}

/** The service that another one extends. */
export interface Extension {
  service: string;
  /** Absent: in the same file. */
  path?: string;
}

/**
 * Lists every other file that a compose file names in `include` and `extends`, in the order of the file. Entries that
 * are not valid are left to Compose.
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
  // The files of one entry are merged, and use the directory of the first.
  const projectDirectory = typeof directory === 'string' ? directory : directoryOf(paths[0]);
  return [
    ...paths.map((each) => ({
      kind: 'include' as const,
      path: each,
      key: [...key, 'path'],
      projectDirectory,
    })),
    ...texts(variables).map((each) => ({ kind: 'variables' as const, path: each, key: [...key, 'env_file'] })),
  ];
}

/** What a service of the file extends; undefined if nothing. */
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

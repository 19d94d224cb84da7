import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { errorCode, errorMessage, LaconicError } from '../system/errors.js';
import { kindOf } from '../system/files/files.js';
import { expandHome, nameProblem } from '../system/files/path-names.js';
import { nearMiss } from '../system/suggest.js';
import { quote } from '../system/yaml/yaml.js';

/** The location of a stack. */
export interface StackLocation {
  /** The name or path as typed. */
  reference: string;
  /** Absolute; symbolic links in it are kept. */
  directory: string;
  /** Whether it is a path of the operator, not a stack of the installed package. */
  external: boolean;
  /** Absolute path of its `stack.yml`. */
  file: string;
}

/**
 * Finds the stack for `--stack`, or for `stack:` in a spec. A path is external if it holds a `stack.yml` or is one
 * itself, so that a folder that merely has the name of a bundled stack does not hide that one. `~` is expanded.
 * @throws LaconicError if there is no such stack, with a similar name
 */
export async function locateStack(
  reference: string,
  from: { cwd: string; packageDirectory: string; home?: string },
): Promise<StackLocation> {
  if (reference.trim() === '' || reference.includes('\0')) {
    throw new LaconicError(`${quote(reference)} is not the name or path of a stack`);
  }
  const path = resolve(from.cwd, expandHome(reference, from.home));
  const directory = basename(path) === 'stack.yml' && (await kindOf(path)) === 'file' ? dirname(path) : path;
  const file = join(directory, 'stack.yml');
  if ((await kindOf(file)) === 'file') return { reference, directory, external: true, file };

  const bundled = join(from.packageDirectory, 'stacks');
  const candidates = [path];
  if (nameProblem(reference) === undefined) {
    const internal = join(bundled, reference);
    const internalFile = join(internal, 'stack.yml');
    if ((await kindOf(internalFile)) === 'file') {
      return { reference, directory: internal, external: false, file: internalFile };
    }
    candidates.push(internal);
  }
  for (const candidate of candidates) {
    if ((await kindOf(candidate)) === 'directory') {
      throw new LaconicError(`stack.yml file is missing from stack: ${reference}`, {
        hint: `${candidate} is a directory, but there is no stack.yml in it`,
      });
    }
  }
  throw new LaconicError(`stack ${reference} does not exist`, { hint: await missingHint(reference, path, bundled) });
}

async function missingHint(reference: string, path: string, bundled: string): Promise<string> {
  if (nameProblem(reference) !== undefined) {
    const near = nearMiss(basename(path), await stackNames(dirname(path)));
    return near === undefined ? `nothing is at ${path}` : `did you mean ${join(dirname(path), near)}?`;
  }
  const names = await stackNames(bundled);
  const near = nearMiss(reference, names);
  if (near !== undefined) return `did you mean "${near}"?`;
  return `nothing is at ${path}, and the stacks that come with laconic-so are ${names.join(', ')}`;
}

async function stackNames(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return [];
    throw new LaconicError(`cannot read ${directory}: ${errorMessage(error)}`, { cause: error });
  }
}

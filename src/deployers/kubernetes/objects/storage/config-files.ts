import { createHash } from 'node:crypto';
import type { V1KeyToPath, V1Volume } from '@kubernetes/client-node';
import type { FileContents } from '../common/input.js';

/** Limit of the API server for the files of one ConfigMap, in bytes. */
export const maxBytes = 1024 * 1024;

/** How much of a folder is put into ConfigMaps, in bytes: what is larger belongs into a volume. */
export const maxFolderBytes = 16 * maxBytes;

/** Files of ConfigMaps are executable, as there may be scripts among them. */
const defaultMode = 0o755;

/**
 * The key of a file in its ConfigMap: its path if that can be a key, else one made from it. A key has no folders, and
 * only letters, digits, `-`, `_` and `.`.
 */
export function configKey(path: string): string {
  if (/^[-._a-zA-Z0-9]{1,253}$/.test(path) && path !== '.' && !path.startsWith('..')) return path;
  const hash = createHash('sha256').update(path).digest('hex').slice(0, 8);
  return `${path.replace(/[^-_a-zA-Z0-9]+/g, '-').slice(-200)}-${hash}`;
}

/** A ConfigMap with a part of the files. */
interface Part {
  name: string;
  files: FileContents;
}

/** Divides files among ConfigMaps, in their order: `name`, `name-2` and so on; one if there are no files. */
export function configParts(name: string, files: FileContents): Part[] {
  const parts: { name: string; files: Map<string, Buffer> }[] = [];
  let bytes = Infinity;
  for (const [path, content] of files) {
    if (bytes + content.length > maxBytes) {
      parts.push({ name: parts.length === 0 ? name : `${name}-${parts.length + 1}`, files: new Map() });
      bytes = 0;
    }
    parts.at(-1)?.files.set(path, content);
    bytes += content.length;
  }
  return parts.length === 0 ? [{ name, files }] : parts;
}

/**
 * The volume of a pod that has the files of the ConfigMaps from {@link configParts} at their paths.
 * @param modes by path; the files without one can be executed
 */
export function configVolume(
  name: string,
  files: FileContents,
  modes: ReadonlyMap<string, number> = new Map(),
): Omit<V1Volume, 'name'> {
  const listed = modes.size > 0 || [...files.keys()].some((path) => configKey(path) !== path);
  const sources = configParts(name, files).map((part) => ({
    name: part.name,
    ...(listed ? { items: [...part.files.keys()].map((path) => itemOf(path, modes.get(path))) } : {}),
  }));
  const [only] = sources;
  return sources.length === 1 && only !== undefined
    ? { configMap: { name: only.name, defaultMode, ...(only.items && { items: only.items }) } }
    : { projected: { defaultMode, sources: sources.map((configMap) => ({ configMap })) } };
}

function itemOf(path: string, mode: number | undefined): V1KeyToPath {
  return { key: configKey(path), path, ...(mode === undefined ? {} : { mode }) };
}

import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Every file below a directory by its relative path, with mode and content (or a checksum when it is long). */
export type Tree = Record<string, string>;

export async function readTree(root: string, keep: (path: string) => boolean = () => true): Promise<Tree> {
  const tree: Tree = {};
  const walk = async (at: string): Promise<void> => {
    for (const entry of await readdir(join(root, at), { withFileTypes: true })) {
      const path = at === '' ? entry.name : `${at}/${entry.name}`;
      if (entry.isDirectory()) await walk(path);
      else if (keep(path)) tree[path] = await describeFile(join(root, path));
    }
  };
  await walk('');
  return Object.fromEntries(Object.entries(tree).sort());
}

async function describeFile(path: string): Promise<string> {
  const found = await lstat(path);
  if (found.isSymbolicLink()) return `link to ${await readlink(path)}`;
  const content = await readFile(path);
  const text = content.length < 1000 ? content.toString() : createHash('sha256').update(content).digest('hex');
  return `${(found.mode & 0o777).toString(8)} ${text}`;
}

/** Files that create and update generate, without data, state, backups and files of hooks. */
export function isGenerated(path: string): boolean {
  return !/^(data|\.laconic)\/|^hooked\.|\.bak$/.test(path);
}

/** Replaces what differs between deployments: ids and the generated secret. */
export function withoutIdentity(tree: Tree): Tree {
  const hide = (text: string): string =>
    text.replace(/^(\d*\s*cluster-id|deployment-id): \S+$/gm, '$1: ID').replace(/\b[0-9a-f]{32}\b/g, 'SECRET');
  return Object.fromEntries(Object.entries(tree).map(([path, text]) => [path, hide(text)]));
}

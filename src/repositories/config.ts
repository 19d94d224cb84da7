import { join } from 'node:path';
import { git, GitFailedError, type GitOptions } from './git.js';
import type { UrlRule } from './remote.js';
import { stallKeys } from './stalls.js';

/** What matters here of git's configuration in one place. */
export interface GitConfig {
  /** The URL of the remote `origin` as it is written. */
  origin?: string;
  /** `url.<base>.insteadOf`. */
  rules: UrlRule[];
  /** `core.sshCommand`. */
  sshCommand?: string;
  /** Which of {@link stallKeys} have a value for all URLs. */
  set: readonly string[];
}

/** The configuration in a folder, with that of the user and of the machine. */
export async function readConfig(folder: string, options: GitOptions): Promise<GitConfig> {
  const entries = (await git(folder, ['config', '--list', '-z'], options)).split('\0').filter((entry) => entry !== '');
  return collect(entries.map(keyAndValue));
}

/**
 * The configuration of several working copies by one call of git, which costs as much as one: each copy's file is
 * included by the command line, so that its entries follow the inclusion. Conditions (`includeIf`) are judged for
 * `base`, not for the copy: what is found here may be taken, what is missing here has to be looked for with {@link
 * readConfig}.
 * @returns by folder, with the entry `base` for what holds everywhere; undefined when any of the files cannot be read
 */
export async function readConfigs(
  base: string,
  folders: readonly string[],
  options: GitOptions,
): Promise<Map<string, GitConfig> | undefined> {
  const files = new Map(folders.map((folder) => [join(folder, '.git', 'config'), folder]));
  const included = [...files.keys()].flatMap((file) => ['-c', `include.path=${file}`]);
  let output: string;
  try {
    output = await git(base, [...included, 'config', '--list', '--show-origin', '-z'], options);
  } catch (error) {
    if (error instanceof GitFailedError) return undefined;
    throw error;
  }
  const fields = output.split('\0');
  const general: Entry[] = [];
  const own = new Map(folders.map((folder) => [folder, [] as Entry[]]));
  let into = general;
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const entry = keyAndValue(fields[at + 1] ?? '');
    if (fields[at] === 'command line:') {
      const folder = entry.key === 'include.path' ? files.get(entry.value) : undefined;
      into = (folder === undefined ? undefined : own.get(folder)) ?? general;
    }
    into.push(entry);
  }
  return new Map([
    [base, collect(general)],
    ...[...own].map(([folder, entries]): [string, GitConfig] => [folder, collect([...general, ...entries])]),
  ]);
}

interface Entry {
  key: string;
  value: string;
}

/** `key\nvalue`, as `-z` prints it; a key alone is true. */
function keyAndValue(text: string): Entry {
  const at = text.indexOf('\n');
  return at < 0 ? { key: text, value: '' } : { key: text.slice(0, at), value: text.slice(at + 1) };
}

function collect(entries: readonly Entry[]): GitConfig {
  // Of several URLs git fetches from the first, of several commands it takes the last.
  const origin = entries.find(({ key }) => key === 'remote.origin.url')?.value;
  const sshCommand = entries.findLast(({ key }) => key === 'core.sshcommand')?.value;
  const rules = entries.flatMap(({ key, value }) => {
    const base = /^url\.([^]*)\.insteadof$/.exec(key)?.[1];
    return base === undefined ? [] : [{ base, prefix: value }];
  });
  return {
    ...(origin === undefined ? {} : { origin }),
    ...(sshCommand === undefined ? {} : { sshCommand }),
    rules,
    set: stallKeys.filter((key) => entries.some((entry) => entry.key === key)),
  };
}

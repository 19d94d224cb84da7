import { join } from 'node:path';
import { git, GitFailedError, type GitOptions } from './git.js';
import type { UrlRule } from './remote.js';

/**
 * Limits for stalled http transfers: without them git waits forever. One byte per second is the least that curl can
 * tell from nothing, so that slow transfers continue; a server that packs a large repository may pause, hence five
 * minutes. curl allows as long for a connection.
 */
const limits = { 'http.lowspeedlimit': 'http.lowSpeedLimit=1', 'http.lowspeedtime': 'http.lowSpeedTime=300' } as const;

/** The keys of {@link limits} as `git config --list` prints them. */
const stallKeys: readonly string[] = Object.keys(limits);

/** The relevant part of git's configuration for a folder. */
export interface GitConfig {
  /** The URL of the remote `origin` as it is written. */
  origin?: string;
  /** `url.<base>.insteadOf`. */
  rules: UrlRule[];
  /** `core.sshCommand`. */
  sshCommand?: string;
  /** The keys in {@link stallKeys} that have a value for all URLs. */
  set: readonly string[];
}

/** Reads the configuration that applies in a folder, including the user's and the system's. */
export async function readConfig(folder: string, options: GitOptions): Promise<GitConfig> {
  const entries = (await git(folder, ['config', '--list', '-z'], options)).split('\0').filter((entry) => entry !== '');
  return collect(entries.map(keyAndValue));
}

/**
 * Reads the configuration of several working copies with a single call of git: each copy's file is included on the
 * command line, so that its entries follow the inclusion. Conditions (`includeIf`) are evaluated for `base`, not for
 * the copy: values found here can be used, missing ones must be looked up with {@link readConfig}.
 * @returns configuration by folder, with the entry `base` for what applies everywhere; undefined if any file cannot be
 * read
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

/**
 * `key
 * value`, as `-z` prints it; a key alone means true.
 */
function keyAndValue(text: string): Entry {
  const at = text.indexOf('\n');
  return at < 0 ? { key: text, value: '' } : { key: text.slice(0, at), value: text.slice(at + 1) };
}

function collect(entries: readonly Entry[]): GitConfig {
  // Of several URLs git fetches from the first; of several commands it uses the last.
  const origin = entries.find(({ key }) => key === 'remote.origin.url')?.value;
  const sshCommand = entries.findLast(({ key }) => key === 'core.sshcommand')?.value;
  const rules = entries.flatMap(({ key, value }) => {
    const base = /^url\.([^]*)\.insteadof$/.exec(key)?.[1];
    return base === undefined ? [] : [{ base, prefix: value }];
  });
  const set = stallKeys.filter((key) => entries.some((entry) => entry.key === key));
  return { origin, sshCommand, rules, set };
}

/**
 * Configuration for git's network calls, as `key=value`: limits for stalled transfers that the operator's own
 * configuration does not set. Its settings for single URLs, and GIT_HTTP_LOW_SPEED_LIMIT and _TIME, take precedence
 * anyway.
 */
export function stallSettings({ set }: Pick<GitConfig, 'set'>): string[] {
  return Object.entries(limits).flatMap(([key, setting]) => (set.includes(key) ? [] : [setting]));
}

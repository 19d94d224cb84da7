import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseEnv } from 'node:util';
import type { Context } from '../system/context.js';
import { errorCode, errorMessage } from '../system/errors.js';

/** Settings that may be in a file instead of the environment. */
export type SettingName =
  | 'CERC_REPO_BASE_DIR'
  | 'CERC_NPM_REGISTRY_URL'
  | 'CERC_NPM_AUTH_TOKEN'
  | 'CERC_GO_AUTH_TOKEN'
  | 'DOCKER_BUILDKIT';

/** A setting that was found. Relative paths in it start at `folder`. */
export interface Setting {
  value: string;
  folder: string;
  /** The file that contains it; absent: the process environment. */
  file?: string;
}

/**
 * Looks up a setting: in the process environment, then in `settings.ini` (section `[settings]`) and `.env` in the
 * current directory, then both in `~/.laconic-so/`. The first non-empty value is used; undefined if there is none.
 */
export function findSetting(name: SettingName, context: Pick<Context, 'env' | 'cwd' | 'report'>): Setting | undefined {
  const own = context.env[name];
  if (own !== undefined && own !== '') return { value: own, folder: context.cwd };
  const home = context.env.HOME ?? homedir();
  for (const folder of [context.cwd, join(home, '.laconic-so')]) {
    for (const [file, read] of readers) {
      const value = read(textOf(join(folder, file), context))[name];
      if (value !== undefined && value !== '') return { value, folder, file: join(folder, file) };
    }
  }
  return undefined;
}

type Values = Readonly<Record<string, string | undefined>>;

const readers: readonly (readonly [file: string, read: (text: string) => Values])[] = [
  ['settings.ini', readIni],
  ['.env', parseEnv],
];

/**
 * The text of a file; empty if it does not exist. One that cannot be read, as it may be another user's, only causes a
 * warning.
 */
function textOf(file: string, { report }: Pick<Context, 'report'>): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const absent = ['ENOENT', 'ENOTDIR', 'EISDIR'].includes(errorCode(error) ?? '');
    if (!absent) report.warn(`no settings are taken from ${dirname(file)}: ${errorMessage(error)}`);
    return '';
  }
}

/**
 * Parses the `[settings]` section of an INI file: `NAME = value` or `NAME: value`, names in any case, comment lines
 * with `#` or `;`.
 */
function readIni(text: string): Values {
  const values: Record<string, string> = {};
  let inside = false;
  for (const line of text.split(/\r?\n/)) {
    const section = /^\s*\[(.*)\]\s*$/.exec(line)?.[1];
    if (section !== undefined) inside = section.trim() === 'settings';
    const entry = /^\s*([^#;=:\s][^=:]*?)\s*[=:]\s*(.*?)\s*$/.exec(line);
    if (inside && entry?.[1] !== undefined) values[entry[1].toUpperCase()] = entry[2] ?? '';
  }
  return values;
}

import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseEnv } from 'node:util';
import type { Context } from '../system/context.js';
import { errorCode, errorMessage } from '../system/errors.js';

/** Settings that may stand in a file instead of the environment. */
export type SettingName =
  | 'CERC_REPO_BASE_DIR'
  | 'CERC_NPM_REGISTRY_URL'
  | 'CERC_NPM_AUTH_TOKEN'
  | 'CERC_GO_AUTH_TOKEN'
  | 'DOCKER_BUILDKIT';

/** A setting that was found. Relative paths in it count from `folder`. */
export interface Setting {
  value: string;
  folder: string;
  /** The file in which it stands; absent: the process environment. */
  file?: string;
}

/**
 * Looks a setting up: the process environment, then `settings.ini` (section `[settings]`) and `.env` in the current
 * directory, then both in `~/.laconic-so/`. The first that sets it to something counts; an empty value sets nothing.
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
 * The text of a file; nothing when there is none. One that cannot be read is somebody else's: told, and passed over.
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
 * The `[settings]` section of an INI file: `NAME = value` or `NAME: value`, names in any case, `#` and `;` begin
 * comment lines.
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

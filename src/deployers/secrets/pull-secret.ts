import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { type Credentials, serverAddress } from '../../images/credentials.js';
import type { ImagePullSecret, Spec } from '../../spec/model.js';
import type { Context } from '../../system/context.js';
import type { Problem } from '../../system/errors.js';
import { readTextIfAny } from '../../system/files/files.js';
import { expandHome } from '../../system/files/path-names.js';
import type { YamlFile } from '../../system/yaml/yaml.js';

/** Where to look for the token of `image-pull-secret`. */
export interface TokenPlaces {
  /** Returns the text of a file; undefined if it does not exist. */
  read: (path: string) => Promise<string | undefined>;
  readonly env: NodeJS.ProcessEnv;
  /** The replacement for `~`. */
  readonly home: string;
  /** Where a relative `token-file` starts. */
  readonly cwd: string;
}

/** Reads the token for a registry: from the file, else from the variable; or returns where it is missing. */
export async function pullToken(
  { tokenFile, tokenEnv }: ImagePullSecret,
  { read, env, home, cwd }: TokenPlaces,
): Promise<{ token: string } | { missing: string }> {
  const text = tokenFile === undefined ? undefined : await read(resolve(cwd, expandHome(tokenFile, home)));
  const inFile = text?.trim() ?? '';
  const token = inFile !== '' || tokenEnv === undefined ? inFile : (env[tokenEnv] ?? '');
  if (token !== '') return { token };
  const places = [
    ...(tokenFile === undefined ? [] : [`the file ${tokenFile} has none`]),
    ...(tokenEnv === undefined ? [] : [`the variable ${tokenEnv} is not set`]),
  ];
  return { missing: places.join(', and ') };
}

/** The problem at a start that needs the token, with the places where it is `missing`. */
export function missingToken(yaml: YamlFile, { server }: ImagePullSecret, missing: string): Problem {
  const message = `the token for ${server} cannot be read: ${missing}; nodes cannot pull without it`;
  return yaml.problem(['image-pull-secret'], message);
}

/** The credentials of the spec's `image-pull-secret`, if it is for this registry; an unreadable token is a warning. */
export async function pullSecretCredentials(
  { imagePullSecret, yaml }: Spec,
  registry: string,
  { env, cwd, report }: Context,
): Promise<Credentials | undefined> {
  if (imagePullSecret === undefined || !isFor(imagePullSecret.server, registry)) return undefined;
  const found = await pullToken(imagePullSecret, { read: readTextIfAny, env, home: homedir(), cwd });
  if ('token' in found) {
    report.conceal([found.token]);
    return { username: imagePullSecret.username, password: found.token };
  }
  report.warn(`${yaml.file}: the token of image-pull-secret cannot be read: ${found.missing}`);
  return undefined;
}

/** `https://ghcr.io/v2/` and `ghcr.io` mean the same server. */
function isFor(server: string, registry: string): boolean {
  const host = (text: string): string => text.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  return host(server) === host(serverAddress(registry)) || host(server) === registry;
}

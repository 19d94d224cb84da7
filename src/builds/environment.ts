import { join } from 'node:path';
import { findSetting, type Setting, type SettingName } from '../stack/settings.js';
import type { Context } from '../system/context.js';
import { userIds } from '../system/user-ids.js';
import { run } from '../system/process/process.js';
import { imageOf } from './recipe/image-name.js';

/** The options of a build. */
export interface BuildOptions {
  forceRebuild: boolean;
  include?: string | undefined;
  exclude?: string | undefined;
  /** Arguments for `docker build`, split by the build scripts. */
  extraBuildArgs?: string | undefined;
  /** How many independent images are built at once; absent: 1. */
  jobs?: number | undefined;
  /** Where the images are pushed after they are built; absent: nowhere. */
  publish?: { registry: string; tag?: string | undefined } | undefined;
}

/** Only set by laconic-so: values in the caller's environment were meant for another build. */
const oursOnly = [
  'CERC_SCRIPT_DEBUG',
  'CERC_FORCE_REBUILD',
  'CERC_CONTAINER_EXTRA_BUILD_ARGS',
  'CERC_WEBAPP_BUILD_RUNNING',
  'CERC_CONTAINER_BUILD_WORK_DIR',
  'CERC_CONTAINER_BUILD_DOCKERFILE',
  'CERC_CONTAINER_BUILD_TAG',
];

/** Default npm registries; `own` is the default if there is a token. */
const npmRegistries = {
  own: 'http://gitea.local:3000/api/packages/cerc-io/npm/',
  public: 'https://git.vdb.to/api/packages/cerc-io/npm/',
};

/**
 * The variables that are the same for all containers of a run.
 * @param buildkit the value of DOCKER_BUILDKIT, see {@link chooseBuilder}
 */
export function buildVariables(
  paths: { packageDirectory: string; repositoryBase: string },
  options: BuildOptions,
  buildkit: string,
  context: Context,
): Record<string, string> {
  const setting = (name: SettingName): string => findSetting(name, context)?.value ?? '';
  const npmRegistry = findSetting('CERC_NPM_REGISTRY_URL', context);
  const npmToken = npmTokenFor(npmRegistry, context);
  return {
    CERC_NPM_REGISTRY_URL: npmRegistry?.value ?? (npmToken === '' ? npmRegistries.public : npmRegistries.own),
    CERC_NPM_AUTH_TOKEN: npmToken,
    CERC_GO_AUTH_TOKEN: setting('CERC_GO_AUTH_TOKEN'),
    CERC_REPO_BASE_DIR: paths.repositoryBase,
    CERC_CONTAINER_BASE_DIR: join(paths.packageDirectory, 'containers'),
    ...userIds(),
    DOCKER_BUILDKIT: buildkit,
    ...(context.options.debug ? { CERC_SCRIPT_DEBUG: 'true' } : {}),
    ...(options.forceRebuild ? { CERC_FORCE_REBUILD: 'true' } : {}),
    ...(options.extraBuildArgs ? { CERC_CONTAINER_EXTRA_BUILD_ARGS: options.extraBuildArgs } : {}),
  };
}

/**
 * The token for the npm registry. A token from the operator's environment or home folder is not used for a registry
 * that a file in the current directory names: the author of that file would get the token.
 */
function npmTokenFor(registry: Setting | undefined, context: Context): string {
  const token = findSetting('CERC_NPM_AUTH_TOKEN', context);
  if (token === undefined) return '';
  const named = registry?.folder === context.cwd ? registry.file : undefined;
  if (named === undefined || (token.file !== undefined && token.folder === context.cwd)) return token.value;
  context.report.warn(
    `CERC_NPM_AUTH_TOKEN is not used: ${named} names the npm registry, and the token is not from there; set CERC_NPM_REGISTRY_URL beside the token if it is for that registry`,
  );
  return '';
}

/**
 * The environment of one build: the caller's, so that proxies, docker contexts and agents work, plus the documented
 * variables.
 */
export function buildEnvironment(
  container: string,
  variables: Readonly<Record<string, string>>,
  caller: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const inherited = Object.entries(caller).filter(([name]) => !oursOnly.includes(name));
  return { ...Object.fromEntries(inherited), ...variables, CERC_DEFAULT_CONTAINER_IMAGE_TAG: imageOf(container) };
}

/** DOCKER_BUILDKIT as the caller set it, else `1` if `docker buildx` is available, else `0`. */
export async function chooseBuilder(context: Context): Promise<string> {
  const set = findSetting('DOCKER_BUILDKIT', context);
  if (set !== undefined) return set.value;
  const asked = await run('docker', ['buildx', 'version'], { env: context.env, signal: context.signal });
  return asked.code === 0 ? '1' : '0';
}

const secretName = /pass(word|wd|phrase)|secret|token|credential|(^|_|-)(api|auth|access|private)?_?key$/i;

/**
 * Secrets that must be masked in logs and messages: the access tokens for build scripts, and passwords in the
 * environment, in the extra build arguments and in URLs.
 */
export function buildSecrets(env: Readonly<NodeJS.ProcessEnv>): string[] {
  const words = (env.CERC_CONTAINER_EXTRA_BUILD_ARGS ?? '').split(/\s+/);
  const arguments_ = words.map((word): [string, string] => {
    const [name = '', ...value] = word.replace(/^--[\w-]+=(?=\w+=)/, '').split('=');
    return [name, value.join('=')];
  });
  return [...Object.entries(env), ...arguments_].flatMap(([name, value = '']) => {
    const named = name === 'CERC_NPM_AUTH_TOKEN' || name === 'CERC_GO_AUTH_TOKEN';
    // Paths, switches and short words are not secrets, and would mask too much.
    const secret = named || (secretName.test(name) && value.length >= 8 && !value.startsWith('/'));
    return [...(secret ? [value] : []), ...passwordsInUrls(value)];
  });
}

function passwordsInUrls(text: string): string[] {
  return [...text.matchAll(/\b[a-z][a-z0-9+.-]*:\/\/[^\s/@:]*:([^\s/@]+)@/gi)].flatMap(([, password = '']) => [
    password,
    decoded(password),
  ]);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

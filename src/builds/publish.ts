import type { Engine } from '../engine/connect.js';
import { type EngineLogin, pushImage, tagImage } from '../engine/image-transfer.js';
import { askRegistry, checkLogin } from '../engine/registry-access.js';
import { dockerLogin } from '../images/credentials.js';
import { engineLogin, registryOf } from '../images/push.js';
import { hub, parseImage } from '../images/reference.js';
import { explainPush } from '../images/refusals.js';
import type { Context } from '../system/context.js';
import { isExplained, LaconicError } from '../system/errors.js';
import { quote } from '../system/yaml/text.js';

/** Where images are pushed after they are built. */
export interface Destination {
  /** `host[:port][/path]` without a trailing slash; a valid beginning of a Docker image name. */
  registry: string;
  /** The tag of all images; absent: each gets its own, see {@link versionOf}. */
  tag?: string | undefined;
}

/** A destination that was checked, with the login to use. */
export interface OpenDestination extends Destination {
  login: EngineLogin | undefined;
}

/** Why nothing can be published there; undefined if the text is a valid beginning of an image name. */
export function destinationProblem({ registry, tag }: Destination): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(registry)) {
    return `--image-registry ${registry}: images are named by host and path only, without ${registry.split('//')[0] ?? ''}//`;
  }
  const probe = parseImage(`${registry}/name`);
  if (probe === undefined || probe.tag !== undefined || registry === '') {
    return `--image-registry ${quote(registry)}: must be host[:port][/path], such as registry.example.org/team, in lower case`;
  }
  if (tag !== undefined && parseImage(`name:${tag}`)?.tag !== tag) {
    return `--publish-tag ${quote(tag)}: must be at most 128 letters, digits, "_", "." and "-", and not begin with "." or "-"`;
  }
  return undefined;
}

/**
 * Checks the registry, as the engine will reach it, with the login from `docker login`: problems are reported before a
 * long build, not after it.
 * @param container one of the containers to be published
 * @throws LaconicError for a registry that does not exist or refuses access
 */
export async function openDestination(
  engine: Engine,
  destination: Destination,
  container: string,
  { env, report }: Context,
): Promise<OpenDestination> {
  const name = publishedName(container, destination, 'local');
  const host = registryOf(name);
  const login = engineLogin(host, await dockerLogin(host, env));
  report.progress(host, 'asking for access');
  try {
    await (login === undefined ? askRegistry(engine, name) : checkLogin(engine, login));
  } catch (error) {
    if (!isExplained(error)) throw error;
    const problem = accessProblem(error.message, host, name, login !== undefined);
    if (problem !== undefined) throw problem;
    report.verbose(error.message);
  }
  report.progress(host, 'there', 'done');
  return { ...destination, login };
}

function accessProblem(words: string, host: string, name: string, loggedIn: boolean): LaconicError | undefined {
  const hint = host === hub ? 'docker login' : `docker login ${host}`;
  if (/unauthorized|denied|authentication required|no basic auth|forbidden|incorrect username/i.test(words)) {
    const what = loggedIn ? `${host} rejects the login that docker has for it` : `${host} requires a login`;
    return new LaconicError(`nothing is built: ${what}`, { hint });
  }
  if (!loggedIn && /manifest unknown|not found|name unknown|does not exist/i.test(words)) return undefined;
  const { why, hint: what } = explainPush(name, words);
  return new LaconicError(`nothing is built, as it could not be published: ${why}`, {
    hint: what ?? 'build without --publish-images, or publish elsewhere',
  });
}

/**
 * The tag of a published image: `YYYYMMDDHHMMSS-<image id>`, in local time. It sorts after the Python program's tags
 * (`YYYYMMDDHHMM`) of the same minute, and different images never get the same tag, wherever and whenever they are
 * built.
 * @param imageId `sha256:…`
 */
export function versionOf(imageId: string, now: Date): string {
  const two = (number: number): string => String(number).padStart(2, '0');
  const day = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())];
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two);
  return `${[...day, ...time].join('')}-${imageId.replace(/^[^:]*:/, '').slice(0, 12)}`;
}

/** The name of an image in the registry, which contains the full name of the container. */
export function publishedName(container: string, destination: Destination, version: string): string {
  return `${destination.registry}/${container}:${destination.tag ?? version}`;
}

/**
 * Tags an image with its name in the registry and pushes it. The tag stays on this host.
 * @param imageId the image that was built: its `:local` tag may have moved to another one
 * @param onProgress called with the current activity
 * @returns the name with the digest in the registry
 * @throws LaconicError if the push is refused; InterruptedError
 */
export async function publish(
  engine: Engine,
  container: string,
  imageId: string,
  destination: OpenDestination,
  { signal, onProgress }: { signal: AbortSignal; onProgress: (state: string) => void },
): Promise<string> {
  const name = publishedName(container, destination, versionOf(imageId, new Date()));
  const repository = `${destination.registry}/${container}`;
  const tag = name.slice(repository.length + 1);
  await tagImage(engine, imageId, repository, tag);
  try {
    const digest = await pushImage(engine, repository, tag, {
      login: destination.login,
      signal,
      onProgress: (state, percent) => onProgress(percent === undefined ? state : `${state}, ${percent} %`),
    });
    return `${name}@${digest}`;
  } catch (error) {
    if (!isExplained(error)) throw error;
    const { why, hint } = explainPush(name, error.message);
    throw new LaconicError(`built, but not published as ${name}: ${why}`, {
      hint: `${hint === undefined ? '' : `${hint}; `}the image is kept; push it with: docker image push ${name}`,
      cause: error,
    });
  }
}

import type { Context } from '../system/context.js';
import { LaconicError } from '../system/errors.js';
import { runInGroup } from '../system/process-group.js';
import { runOrFail } from '../system/process.js';
import { quote } from '../system/yaml-text.js';
import type { BuildLog } from './build-log.js';

/** Where images go once they are built. */
export interface Destination {
  /** `host[:port][/path]` without a slash at its end; what Docker takes for `host` of an image name. */
  registry: string;
  /** The tag of all images; absent: each gets one of its own, see {@link versionOf}. */
  tag?: string | undefined;
}

/** Why nothing can be published there; undefined when the text at least can be the beginning of an image's name. Pure. */
export function destinationProblem({ registry, tag }: Destination): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(registry)) {
    return `--image-registry ${registry}: images are named by host and path only, without ${registry.split('//')[0]}//`;
  }
  if (!registryPattern.test(registry)) {
    return `--image-registry ${quote(registry)}: must be host[:port][/path], such as registry.example.org/team, in lower case`;
  }
  if (tag !== undefined && !/^\w[\w.-]{0,127}$/.test(tag)) {
    return `--publish-tag ${quote(tag)}: must be letters, digits, "_", "." and "-", at most 128, and begin with none of the last two`;
  }
  return undefined;
}

const registryPattern =
  /^(?:\[[0-9a-f:]+\]|[a-z0-9]+(?:[._-]+[a-z0-9]+)*)(?::\d{1,5})?(?:\/[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*)*$/;

/**
 * The tag of a published image: `YYYYMMDDHHMMSS-<image id>`, in local time (05 §6.6, weakness 23). It sorts after those of the existing
 * program, `YYYYMMDDHHMM`, of the same minute; and two different images never get the same one, wherever and whenever they were built.
 * @param imageId `sha256:…`
 */
export function versionOf(imageId: string, now: Date): string {
  const two = (number: number): string => String(number).padStart(2, '0');
  const day = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())];
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two);
  return `${[...day, ...time].join('')}-${imageId.replace(/^[^:]*:/, '').slice(0, 12)}`;
}

/** The name of an image in the registry: the whole name of the container stays (05 §6.6). */
export function publishedName(container: string, destination: Destination, version: string): string {
  return `${destination.registry}/${container}:${destination.tag ?? version}`;
}

/**
 * Gives the image its name in the registry and pushes it there, as `docker` is logged in (05 §6.6). The name stays on this host.
 * @param imageId the image that was built: its `:local` name may be another one's by now
 * @returns the name and, where the registry said it, the digest
 * @throws LaconicError with the last lines of the push; InterruptedError
 */
export async function publish(
  container: string,
  imageId: string,
  destination: Destination,
  log: BuildLog,
  onLine: (shown: string) => void,
  context: Context,
): Promise<string> {
  const { env, signal, cwd } = context;
  const name = publishedName(container, destination, versionOf(imageId, new Date()));
  await runOrFail(`${container} cannot be named ${name}`, 'docker', ['image', 'tag', imageId, name], { env, signal });
  log.note(`docker image push ${name}`);
  const said: string[] = [];
  let digest: string | undefined;
  const code = await runInGroup('docker', ['image', 'push', name], {
    cwd,
    env,
    signal,
    onLine: (line) => {
      const shown = log.line(line);
      digest = /\bdigest: (\S+:[0-9a-f]+)/.exec(line)?.[1] ?? digest;
      said.push(shown);
      onLine(shown);
    },
  });
  if (code !== 0) {
    throw new LaconicError(
      `${name} was built but cannot be pushed: ${said.slice(-3).join('\n') || `exit code ${code}`}`,
      {
        hint: /denied|unauthorized|authentication|no basic auth/i.test(said.join('\n'))
          ? `docker login ${destination.registry.split('/')[0] ?? ''}`
          : `push it again: docker image push ${name}`,
      },
    );
  }
  return digest === undefined ? name : `${name}@${digest}`;
}

import { isAbsolute, join } from 'node:path';
import type { BuildArguments } from './dockerfile.js';

/** A parsed call of `docker build`, as far as it determines which images it uses and creates. */
export interface DockerBuild {
  tags: string[];
  /** Absolute path of its Dockerfile. */
  dockerfile: string;
  /** Values of `--build-arg`; one that is not known still contains a `$`. */
  given: BuildArguments;
}

const withValue = new Set([
  '--add-host',
  '--build-arg',
  '--label',
  '--memory',
  '--network',
  '--progress',
  '--platform',
]);
const alone = new Set(['--force-rm', '--no-cache', '--pull', '--quiet', '--rm', '-q']);

/**
 * Parses the arguments of `docker build`.
 * @returns undefined if any of them is not supported here
 */
export function readBuildWords(words: readonly string[]): DockerBuild | undefined {
  const tags: string[] = [];
  const given = new Map<string, string>();
  const places: string[] = [];
  let file: string | undefined;
  const queue = [...words];
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (!word.startsWith('-')) {
      places.push(word);
      continue;
    }
    const [option = '', ...rest] = word.split('=');
    if (alone.has(option)) continue;
    const value = rest.length > 0 ? rest.join('=') : queue.shift();
    if (value === undefined) return undefined;
    if (option === '--tag' || option === '-t') tags.push(value);
    else if (option === '--file' || option === '-f') file = value;
    else if (!withValue.has(option)) return undefined;
    if (option === '--build-arg') {
      const [name = '', ...text] = value.split('=');
      given.set(name, text.length > 0 ? text.join('=') : '$');
    }
  }
  const [context] = places;
  if (context === undefined || places.length > 1) return undefined;
  const dockerfile = file ?? join(context, 'Dockerfile');
  return isAbsolute(context) && isAbsolute(dockerfile) ? { tags, dockerfile, given } : undefined;
}

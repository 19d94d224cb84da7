import { randomInt } from 'node:crypto';
import { type ComposePort, formatPort, lengthOf, portRange } from '../compose/syntax/ports.js';
import { LaconicError } from '../system/errors.js';
import { didYouMean } from '../system/suggest.js';
import type { DeployTarget } from './schema.js';

const recipes = [
  'any-variable-random',
  'localhost-same',
  'any-same',
  'localhost-fixed-random',
  'any-fixed-random',
] as const;

/** How `deploy init` maps ports to the host. */
export type PortRecipe = (typeof recipes)[number];

/** Host ports of the random recipes, both ends included. */
const composeRange = { first: 20000, last: 50000 };
/** The default node port range of a Kubernetes cluster. */
const nodePortRange = { first: 30000, last: 32767 };

/**
 * Finds the recipe with this name; without a name, ports stay as they are.
 * @throws LaconicError for an unknown name, even if the stack has no ports
 */
export function parseRecipe(name: string | undefined): PortRecipe {
  if (name === undefined) return 'any-variable-random';
  const found = recipes.find((recipe) => recipe === name);
  if (found === undefined) {
    const names = recipes.map((recipe) => `'${recipe}'`).join(', ');
    throw new LaconicError(
      `--map-ports-to-host must specify one of: [${names}], not "${name}"${didYouMean(name, recipes)}`,
    );
  }
  return found;
}

/**
 * Creates a function that maps a port of a compose file to entries of the spec. Use one function for a whole spec: the
 * random ports it assigns do not repeat.
 *
 * On Compose every recipe but the first gives `address:host:container`. "Same" means the host port that the stack asks
 * for, else the container port. On Kubernetes an entry is a node port (`[node:]container`) without an address: a host
 * port is kept only if it is a valid node port, and of the other recipes only `any-fixed-random` is supported.
 * @param random a random integer from `first` to `last`, both included
 * @throws LaconicError for a recipe that the target does not support
 */
export function portMapper(
  recipe: PortRecipe,
  deployTo: DeployTarget,
  random: (first: number, last: number) => number = (first, last) => randomInt(first, last + 1),
): (port: ComposePort) => string[] {
  if (deployTo !== 'compose') return nodePortMapper(recipe, deployTo, random);
  if (recipe === 'any-variable-random') return (port) => [port.raw];
  const ip = recipe.startsWith('localhost-') ? '127.0.0.1' : '0.0.0.0';
  if (recipe.endsWith('-same')) return (port) => [formatPort({ ...port, ip, host: port.host ?? port.container })];
  const pick = distinctPorts(composeRange, random);
  return (port) => [formatPort({ ...port, ip, host: pick(portCount(port)) })];
}

function nodePortMapper(
  recipe: PortRecipe,
  deployTo: DeployTarget,
  random: (first: number, last: number) => number,
): (port: ComposePort) => string[] {
  if (recipe !== 'any-variable-random' && recipe !== 'any-fixed-random') {
    throw new LaconicError(
      `--map-ports-to-host ${recipe} is not possible with --deploy-to ${deployTo}: node ports have no address and a range of their own`,
      { hint: 'use any-fixed-random, or leave the choice to the cluster with any-variable-random' },
    );
  }
  const pick = distinctPorts(nodePortRange, random);
  return ({ container, host, protocol }) =>
    eachOf(container).map((single, index) => {
      const node = recipe === 'any-fixed-random' ? pick(1) : nodePort(host, index);
      return formatPort({ container: single, protocol, host: node });
    });
}

/** Expands a range into single ports. */
function eachOf(container: string): string[] {
  const range = portRange(container);
  if (range === undefined) return [container];
  return Array.from({ length: lengthOf(range) }, (_, index) => String(range.first + index));
}

/** The port at this index of a host range, if it is a valid node port. */
function nodePort(host: string | undefined, index: number): string | undefined {
  const range = host === undefined ? undefined : portRange(host);
  if (range === undefined) return undefined;
  const port = range.first + index;
  return port <= range.last && port >= nodePortRange.first && port <= nodePortRange.last ? String(port) : undefined;
}

/** How many host ports a port needs: as many as its container range has. */
function portCount(port: ComposePort): number {
  const range = portRange(port.container);
  return range === undefined ? 1 : lengthOf(range);
}

/** Picks ports, or ranges of ports, that do not overlap. */
function distinctPorts(
  bounds: { first: number; last: number },
  random: (first: number, last: number) => number,
): (count: number) => string {
  const taken: { first: number; last: number }[] = [];
  return (count) => {
    const starts = bounds.last - bounds.first + 2 - count;
    const offset = starts < 1 ? 0 : random(bounds.first, bounds.last + 1 - count) - bounds.first;
    for (let step = 0; step < starts; step += 1) {
      const first = bounds.first + ((offset + step) % starts);
      const last = first + count - 1;
      if (taken.some((range) => first <= range.last && last >= range.first)) continue;
      taken.push({ first, last });
      return count === 1 ? String(first) : `${first}-${last}`;
    }
    throw new LaconicError(
      `--map-ports-to-host: no ${count} neighbouring host ports are left between ${bounds.first} and ${bounds.last}`,
      { hint: 'use a recipe that keeps the ports, or map the ports in the spec by hand' },
    );
  };
}

import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { errorMessage, LaconicError } from '../../../system/errors.js';
import { readTextIfAny } from '../../../system/files.js';
import { parseYaml } from '../../../system/yaml.js';
import { mapOf } from '../../../system/plain-map.js';

/** The one context that may be used, and where it was found. */
export interface ChosenContext {
  readonly config: KubeConfig;
  readonly context: string;
  /** The server's address. */
  readonly server: string;
}

/** Files of the default kubeconfig: those of $KUBECONFIG, else the one in the home directory. */
export function defaultKubeconfigFiles(env: NodeJS.ProcessEnv): string[] {
  const named = (env.KUBECONFIG ?? '').split(delimiter).filter((file) => file !== '');
  return named.length > 0 ? named : [join(env.HOME ?? homedir(), '.kube', 'config')];
}

/**
 * Reads kubeconfig files into one; of what several name, the first has it, as kubectl does. Files that are missing are
 * skipped.
 * @returns undefined when there is none of them
 * @throws LaconicError for a file that is no kubeconfig
 */
export async function readKubeconfig(files: readonly string[]): Promise<KubeConfig | undefined> {
  const read: KubeConfig[] = [];
  for (const file of files) {
    const text = await readTextIfAny(file);
    if (text !== undefined) read.push(parseKubeconfig(text, file));
  }
  if (read.length === 0) return undefined;
  const merged = new KubeConfig();
  merged.loadFromOptions({
    clusters: firstOfEach(read.flatMap((config) => config.getClusters())),
    users: firstOfEach(read.flatMap((config) => config.getUsers())),
    contexts: firstOfEach(read.flatMap((config) => config.getContexts())),
    currentContext: read.map((config) => config.getCurrentContext()).find(Boolean) ?? '',
  });
  return merged;
}

/** One file; its relative paths are meant from its own directory. */
function parseKubeconfig(text: string, file: string): KubeConfig {
  const { value } = parseYaml(text, file);
  if (value !== null && !isKubeconfig(value)) throw new LaconicError(`${file} is no kubeconfig: it has no clusters`);
  const config = new KubeConfig();
  try {
    config.loadFromString(value === null ? '{}' : text);
    config.makePathsAbsolute(dirname(file));
  } catch (error) {
    throw new LaconicError(`${file} is no usable kubeconfig: ${errorMessage(error)}`, { cause: error });
  }
  return config;
}

function isKubeconfig(value: unknown): boolean {
  const { clusters, kind } = mapOf(value);
  return Array.isArray(clusters) || kind === 'Config';
}

function firstOfEach<T extends { name: string }>(all: readonly T[]): T[] {
  return [...new Map([...all].reverse().map((each) => [each.name, each])).values()];
}

/**
 * Makes this context, and no other, the one that is used.
 * @param source the file, for messages; @param hint how to get the context
 * @throws LaconicError when the context, its cluster or its user is missing
 */
export function chooseContext(config: KubeConfig, context: string, source: string, hint: string): ChosenContext {
  const found = config.getContexts().find(({ name }) => name === context);
  if (found === undefined) {
    const names = config.getContexts().map(({ name }) => name);
    const has = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`;
    throw new LaconicError(`${source} has no context ${context}: ${has}`, { hint });
  }
  config.setCurrentContext(context);
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new LaconicError(`${source}: context ${context} names cluster ${found.cluster}, which is not in it`, {
      hint,
    });
  }
  if (config.getCurrentUser() === null) {
    throw new LaconicError(`${source}: context ${context} names user ${found.user}, which is not in it`, { hint });
  }
  // Credentials go over plain HTTP only where the kubeconfig gives up on TLS.
  const scheme = URL.canParse(cluster.server) ? new URL(cluster.server).protocol : '';
  if (scheme !== 'https:' && !(scheme === 'http:' && cluster.skipTLSVerify)) {
    throw new LaconicError(`${source}: the server of cluster ${cluster.name}, ${cluster.server}, is no https URL`, {
      hint,
    });
  }
  return { config, context, server: cluster.server };
}

import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { errorMessage, LaconicError } from '../../../system/errors.js';
import { readTextIfAny } from '../../../system/files/files.js';
import { parseYaml } from '../../../system/yaml/yaml.js';
import { mapOf } from '../../../system/plain-map.js';

/** The only context that may be used, and its server. */
export interface ChosenContext {
  readonly config: KubeConfig;
  readonly context: string;
  /** The server's address. */
  readonly server: string;
}

/** Returns the files of the default kubeconfig: those of $KUBECONFIG, else the one in the home directory. */
export function defaultKubeconfigFiles(env: NodeJS.ProcessEnv): string[] {
  const named = (env.KUBECONFIG ?? '').split(delimiter).filter((file) => file !== '');
  return named.length > 0 ? named : [join(env.HOME ?? homedir(), '.kube', 'config')];
}

/**
 * Merges kubeconfig files; the first definition of a name wins, as in kubectl. Missing files are skipped.
 * @returns undefined if all are missing
 * @throws LaconicError for an invalid file
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

/** Parses one file; relative paths are relative to its directory. */
function parseKubeconfig(text: string, file: string): KubeConfig {
  const { value } = parseYaml(text, file);
  if (value !== null && !isKubeconfig(value)) throw new LaconicError(`${file} is not a kubeconfig: it has no clusters`);
  const config = new KubeConfig();
  try {
    config.loadFromString(value === null ? '{}' : text);
    config.makePathsAbsolute(dirname(file));
  } catch (error) {
    throw new LaconicError(`${file} is not a usable kubeconfig: ${errorMessage(error)}`, { cause: error });
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
 * Makes this context the only one that is used.
 * @param source the file, for messages
 * @param hint how to get the context
 * @throws LaconicError if the context, its cluster or its user is missing
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
  // Credentials are sent over plain HTTP only if the kubeconfig disables TLS verification.
  const scheme = URL.canParse(cluster.server) ? new URL(cluster.server).protocol : '';
  if (scheme !== 'https:' && !(scheme === 'http:' && cluster.skipTLSVerify)) {
    throw new LaconicError(`${source}: the server of cluster ${cluster.name}, ${cluster.server}, is not an https URL`, {
      hint,
    });
  }
  return { config, context, server: cluster.server };
}

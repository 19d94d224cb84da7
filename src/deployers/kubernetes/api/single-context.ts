import { dirname, isAbsolute, join } from 'node:path';
import { readTextIfAny } from '../../../system/files/files.js';
import { parseYaml } from '../../../system/yaml/yaml.js';
import { listOf, mapOf } from '../../../system/plain-map.js';

/** Keys of a cluster or user that name files, relative to the kubeconfig. */
const fileKeys = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'];

/**
 * Renders a kubeconfig with only one context of these files, for programs that must not reach any other cluster. All
 * other keys of its cluster and user are unchanged.
 * @param context its name; absent: the files' current one
 * @param namespace the default namespace
 * @returns undefined if there is no such context, or its cluster or user is missing
 */
export async function singleContext(
  files: readonly string[],
  context: string | undefined,
  namespace: string,
): Promise<string | undefined> {
  const read = await Promise.all(files.map(readKubeconfigFile));
  // The first definition of a name wins, as in kubectl.
  const find = (list: string, name: unknown, key: string): Record<string, unknown> | undefined => {
    for (const { root, directory } of read) {
      const found = listOf(root[list])
        .map(mapOf)
        .find((each) => each.name === name);
      if (found !== undefined) return withAbsolutePaths(mapOf(found[key]), directory);
    }
    return undefined;
  };
  const name = context ?? read.map(({ root }) => root['current-context']).find(Boolean);
  const chosen = find('contexts', name, 'context');
  const cluster = chosen && find('clusters', chosen.cluster, 'cluster');
  const user = chosen && find('users', chosen.user, 'user');
  if (cluster === undefined || user === undefined) return undefined;
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    contexts: [{ name, context: { ...chosen, namespace } }],
    clusters: [{ name: chosen?.cluster, cluster }],
    users: [{ name: chosen?.user, user }],
  });
}

async function readKubeconfigFile(file: string): Promise<{ root: Record<string, unknown>; directory: string }> {
  const text = await readTextIfAny(file);
  return { root: mapOf(text === undefined ? undefined : parseYaml(text, file).value), directory: dirname(file) };
}

function withAbsolutePaths(value: Record<string, unknown>, directory: string): Record<string, unknown> {
  const absolute = (path: unknown): unknown =>
    typeof path === 'string' && path !== '' && !isAbsolute(path) ? join(directory, path) : path;
  const changed = Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, fileKeys.includes(key) ? absolute(item) : item]),
  );
  // A program without a slash is looked up in the PATH.
  const { command } = mapOf(value.exec);
  if (typeof command !== 'string' || !command.includes('/')) return changed;
  return { ...changed, exec: { ...mapOf(value.exec), command: absolute(command) } };
}

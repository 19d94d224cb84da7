import type { KeyPath } from '../system/yaml.js';

const stale: Record<string, string> = {
  'registry-credentials':
    'is not read, although documents name it: write image-pull-secret with server, username and token-env or token-file',
  'cluster-issuer': 'is not read, although documents name it: write issuer in an entry of network.http-proxy',
};

/** What to write instead of a key that documents of the existing program name but nothing reads (decision 10). */
export function staleKey(path: KeyPath): string | undefined {
  const key = path[path.length - 1];
  return typeof key === 'string' && Object.hasOwn(stale, key) ? stale[key] : undefined;
}

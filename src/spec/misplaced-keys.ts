import type { Explained } from '../system/yaml/schema.js';
import type { KeyPath } from '../system/yaml/yaml.js';

const stale: Record<string, string> = {
  'registry-credentials':
    'is not read, although documents name it: write image-pull-secret with server, username and token-env or token-file',
  'cluster-issuer': 'is not read, although documents name it: write issuer in an entry of network.http-proxy',
};

/** Keys that are often written at the top level of a spec, and the sections they belong to. */
const sections: Record<string, string> = {
  'http-proxy': 'network',
  ports: 'network',
  'acme-email': 'network',
  'ingress-class': 'network',
  privileged: 'security',
  capabilities: 'security',
  'unlimited-memlock': 'security',
  'runtime-class': 'security',
  containers: 'resources',
};

/**
 * What to write instead of a key that documents of the Python program mention but that is not read, or that is in the
 * wrong section.
 */
export function staleKey(path: KeyPath): Explained | undefined {
  const key = path[path.length - 1];
  if (typeof key !== 'string') return undefined;
  if (path.length === 1 && Object.hasOwn(sections, key)) {
    const [section = '', meant] = [sections[key], `${sections[key]}.${key}`];
    return { message: `belongs below ${section}: write ${meant}`, nearMiss: meant };
  }
  const message = Object.hasOwn(stale, key) ? stale[key] : undefined;
  return message === undefined ? undefined : { message };
}

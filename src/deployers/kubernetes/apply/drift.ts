import { parseCpus, parseMemory } from '../../../spec/units.js';
import { mapOf } from '../../../system/plain-map.js';

/** Fields that identify an element of a list, by the list's name: server-side apply merges these lists. */
const listKeys: Readonly<Record<string, readonly string[]>> = {
  containers: ['name'],
  initContainers: ['name'],
  volumes: ['name'],
  env: ['name'],
  imagePullSecrets: ['name'],
  volumeMounts: ['mountPath'],
  volumeDevices: ['devicePath'],
  hostAliases: ['ip'],
  ports: ['containerPort', 'port', 'protocol'],
  topologySpreadConstraints: ['topologyKey', 'whenUnsatisfiable'],
};

/** Maps whose values are quantities: the server writes `1024Mi` as `1Gi`. */
const amounts: ReadonlySet<string> = new Set(['requests', 'limits', 'capacity']);

/**
 * Returns the paths (`spec.replicas`) of what is wanted and differs on the server. What is only on the server
 * (defaults, its own fields, others' elements in merged lists) does not count.
 */
export function differences(wanted: unknown, live: unknown, path = '', parent = ''): string[] {
  if (isEmpty(wanted) && isEmpty(live)) return [];
  if (Array.isArray(wanted)) return Array.isArray(live) ? listDifferences(wanted, live, path, parent) : [path];
  if (wanted !== null && typeof wanted === 'object') {
    if (live === null || typeof live !== 'object' || Array.isArray(live)) return [path];
    const found = mapOf(live);
    return Object.entries(wanted).flatMap(([key, value]: [string, unknown]) => {
      const at = path === '' ? key : `${path}.${key}`;
      if (amounts.has(parent) || key === 'sizeLimit') return sameAmount(value, found[key]) ? [] : [at];
      return differences(value, found[key], at, key);
    });
  }
  return wanted === live ? [] : [path];
}

function listDifferences(wanted: readonly unknown[], live: readonly unknown[], path: string, name: string): string[] {
  const keys = listKeys[name];
  if (keys === undefined) {
    if (wanted.length !== live.length) return [path];
    return wanted.flatMap((each, index) => differences(each, live[index], `${path}[${index}]`));
  }
  const byKey = new Map(live.map((each) => [keyOf(each, keys), each]));
  return wanted.flatMap((each) => {
    const key = keyOf(each, keys);
    const found = byKey.get(key);
    return found === undefined ? [`${path}[${key}]`] : differences(each, found, `${path}[${key}]`);
  });
}

function keyOf(element: unknown, keys: readonly string[]): string {
  const fields = mapOf(element);
  return keys
    .map((key) => fields[key] ?? (key === 'protocol' ? 'TCP' : undefined))
    .filter((value) => value !== undefined)
    .map((value) => (typeof value === 'string' || typeof value === 'number' ? String(value) : JSON.stringify(value)))
    .join('/');
}

/** The server omits empty fields. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false || value === 0) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function sameAmount(wanted: unknown, live: unknown): boolean {
  if (isEmpty(wanted) && isEmpty(live)) return true;
  const [a, b] = [String(wanted), String(live)];
  const parsers = [parseCpus, parseMemory];
  return a === b || parsers.some((parse) => parse(a) !== undefined && parse(a) === parse(b));
}

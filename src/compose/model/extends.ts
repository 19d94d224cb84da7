import { quote } from '../../system/yaml/yaml.js';
import type { Cursor } from './cursor.js';
import type { MapTree, ScalarTree, Tree } from './tree.js';

/**
 * Resolves `extends` as Compose does: maps are merged key by key, lists are concatenated, and a few keys have their own
 * rules. Problems are refused at the cursor.
 */
export class Extensions {
  readonly #done = new Map<string, Tree>();
  readonly #services: ReadonlyMap<string, Cursor>;
  readonly #followed: boolean;

  constructor(services: ReadonlyMap<string, Cursor>, followed: boolean) {
    this.#services = services;
    this.#followed = followed;
  }

  /** Returns the service with this name, merged with what it extends; undefined if there is none. */
  resolve(name: string, chain: readonly string[] = []): Tree | undefined {
    const known = this.#done.get(name);
    if (known !== undefined) return known;
    const cursor = this.#services.get(name);
    if (cursor === undefined) return undefined;
    const tree = this.#extended(name, cursor, chain);
    this.#done.set(name, tree);
    return tree;
  }

  #extended(name: string, cursor: Cursor, chain: readonly string[]): Tree {
    const { tree } = cursor;
    const reference = cursor.at('extends');
    if (tree.kind !== 'map' || reference === undefined) return tree;
    const base = referenced(reference, this.#followed);
    // `extends` stays if it cannot be followed: keys that the service lacks may be there.
    if (base === undefined) return tree;
    if (base === name || chain.includes(base)) {
      reference.refuse(`goes round in a circle: ${[...chain, name, base].join(' → ')}`);
      return tree;
    }
    const found = this.resolve(base, [...chain, name]);
    if (found === undefined) reference.refuse(`there is no service ${quote(base)} in this file`);
    return found?.kind === 'map' ? mergeMaps(found, without(tree, 'extends'), 'service') : tree;
  }
}

function referenced(reference: Cursor, followed: boolean): string | undefined {
  if (reference.isText) return reference.text();
  if (!reference.checkKeys(['service', 'file'])) return undefined;
  const file = reference.at('file');
  if (file !== undefined) {
    if (followed) return undefined;
    return file.refuse(
      'a service of another file is not followed on Kubernetes: write what it has into this service, or copy it into this file and extend it here',
    );
  }
  const service = reference.at('service');
  return service === undefined ? reference.refuse('is missing its key service') : service.text();
}

function without(map: MapTree, key: string): MapTree {
  const entries = new Map(map.entries);
  entries.delete(key);
  return { ...map, entries };
}

/** Compose's special rules for merging keys of a service. Paths as in `deploy.labels`. */
const special: Record<string, (base: Tree, over: Tree, path: string) => Tree> = {
  'service.annotations': joinPairs,
  'service.command': replace,
  'service.depends_on': mergeNames,
  'service.deploy.labels': joinPairs,
  'service.dns': joinPairs,
  'service.dns_opt': joinPairs,
  'service.dns_search': joinPairs,
  'service.entrypoint': replace,
  'service.env_file': joinPairs,
  'service.environment': joinPairs,
  'service.extra_hosts': joinPairs,
  'service.healthcheck.test': replace,
  'service.label_file': joinPairs,
  'service.labels': joinPairs,
  'service.logging': mergeLogging,
  'service.networks': mergeNames,
  'service.sysctls': joinPairs,
  'service.tmpfs': joinPairs,
};

function merge(base: Tree, over: Tree, path: string): Tree {
  const rule = special[path] ?? (/^service\.ulimits\.[^.]+$/.test(path) ? replace : undefined);
  if (rule !== undefined) return rule(base, over, path);
  if (isNull(over)) return base;
  if (base.kind === 'map' && over.kind === 'map') return mergeMaps(base, over, path);
  if (base.kind === 'list' && over.kind === 'list') return { ...over, items: [...base.items, ...over.items] };
  // Compose refuses a list over a map; whichever of the two is invalid is refused when it is read.
  return over;
}

function mergeMaps(base: MapTree, over: MapTree, path: string): MapTree {
  const entries = new Map(base.entries);
  for (const key of over.cut ?? []) entries.delete(key);
  for (const [key, tree] of over.entries) {
    const inherited = entries.get(key);
    entries.set(key, inherited === undefined ? tree : merge(inherited, tree, `${path}.${key}`));
  }
  return { kind: 'map', place: over.place, entries };
}

function replace(_base: Tree, over: Tree): Tree {
  return over;
}

/** Both as a list of `name=value`, concatenated. */
function joinPairs(base: Tree, over: Tree): Tree {
  return { kind: 'list', place: over.place, items: [...asItems(base), ...asItems(over)] };
}

function asItems(tree: Tree): readonly Tree[] {
  if (tree.kind === 'list') return tree.items;
  if (tree.kind === 'scalar') return tree.type === 'text' ? [tree] : [];
  return [...tree.entries].flatMap(([name, value]) => {
    // Several addresses of one host.
    if (value.kind === 'list') return value.items.flatMap((item) => pairItem(name, item));
    return pairItem(name, value);
  });
}

function pairItem(name: string, value: Tree): Tree[] {
  if (value.kind !== 'scalar') return [value];
  if (value.type === 'null') return [{ ...value, type: 'text', text: name }];
  const { template } = value;
  // Names are not interpolated: their `$` is literal.
  const item: ScalarTree = { ...value, type: 'text', text: `${name}=${value.text}` };
  return [template === undefined ? item : { ...item, template: `${name.replaceAll('$', '$$$$')}=${template}` }];
}

/** A list of names becomes a map of names to empty maps: the defaults of `depends_on` and `networks`. */
function mergeNames(base: Tree, over: Tree, path: string): Tree {
  return mergeMaps(asNames(base), asNames(over), `${path}.names`);
}

function asNames(tree: Tree): MapTree {
  if (tree.kind === 'map') return tree;
  const items = tree.kind === 'list' ? tree.items : [];
  const entries = items.map((item): [string, Tree] => [
    item.kind === 'scalar' ? item.text : '',
    { kind: 'map', place: item.place, entries: new Map() },
  ]);
  return { kind: 'map', place: tree.place, entries: new Map(entries) };
}

function mergeLogging(base: Tree, over: Tree, path: string): Tree {
  if (base.kind !== 'map' || over.kind !== 'map') return over;
  const [before, after] = [base.entries.get('driver'), over.entries.get('driver')].map(textOf);
  const same = before === undefined || after === undefined || before === after;
  return same ? mergeMaps(base, over, path) : over;
}

function textOf(tree: Tree | undefined): string | undefined {
  return tree?.kind === 'scalar' ? tree.text : undefined;
}

function isNull(tree: Tree): tree is ScalarTree {
  return tree.kind === 'scalar' && tree.type === 'null';
}

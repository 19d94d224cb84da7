import { posix } from 'node:path';
import type { Cursor } from '../cursor.js';
import type { FileObjectModel, FileReferenceModel, VolumeModel } from '../types.js';

/** Reads `secrets` or `configs` of a service; for a repeated path the last one counts. */
export function readFileReferences(section: Cursor, kind: 'secrets' | 'configs'): FileReferenceModel[] {
  const references = new Map<string, FileReferenceModel>();
  for (const item of section.items()) {
    const reference = readFileReference(item, kind);
    if (reference !== undefined) references.set(reference.target, reference);
  }
  return [...references.values()];
}

function readFileReference(item: Cursor, kind: 'secrets' | 'configs'): FileReferenceModel | undefined {
  const directory = kind === 'secrets' ? '/run/secrets' : '/';
  if (item.tree.kind !== 'map') {
    const source = item.text();
    return source === undefined ? undefined : { source, target: posix.join(directory, source) };
  }
  item.checkKeys(['source', 'target', 'uid', 'gid', 'mode']);
  if (item.at('source') === undefined) return item.refuse('is missing its key source');
  const source = item.at('source')?.text();
  const written = item.at('target')?.text() ?? '';
  const mode = readMode(item.at('mode'));
  const [uid, gid] = [item.at('uid')?.text(), item.at('gid')?.text()];
  if (source === undefined) return undefined;
  return { source, target: posix.resolve(directory, written === '' ? source : written), mode, uid, gid };
}

/** Text is octal (Compose before 2.30 read it as decimal, which is never meant). */
function readMode(cursor: Cursor | undefined): number | undefined {
  if (!cursor?.isText) return cursor?.integer();
  const text = cursor.text() ?? '';
  return /^0?[0-7]{1,4}$/.test(text) ? Number.parseInt(text, 8) : cursor.refuse('must be an octal mode such as "0440"');
}

const objectKeys = [
  'name',
  'content',
  'environment',
  'file',
  'external',
  'labels',
  'driver',
  'driver_opts',
  'template_driver',
];

/** Reads a top-level secret or config. */
export function readFileObject(cursor: Cursor, kind: 'secrets' | 'configs'): FileObjectModel | undefined {
  const sources =
    kind === 'secrets' ? (['file', 'environment'] as const) : (['file', 'environment', 'content'] as const);
  const known = kind === 'secrets' ? objectKeys.filter((key) => key !== 'content') : objectKeys;
  if (!cursor.checkKeys(known)) return undefined;
  const { external, name } = readExternal(cursor);
  const given = sources.filter((key) => cursor.at(key) !== undefined);
  if (given.length > 1) return cursor.refuse(`takes one of ${sources.join(', ')}, not ${given.join(' and ')}`);
  if (given.length === 0 && !external && cursor.at('driver') === undefined) {
    return cursor.refuse(`needs one of ${sources.join(', ')}, or external: true`);
  }
  const model: FileObjectModel = { external, name };
  for (const key of given) {
    const text = cursor.at(key)?.text();
    if (text !== undefined) model[key] = text;
  }
  return model;
}

/** Reads a top-level volume; null is a volume with defaults. */
export function readVolume(cursor: Cursor): VolumeModel | undefined {
  if (cursor.isNull) return { external: false, driver_opts: new Map() };
  if (!cursor.checkKeys(['name', 'driver', 'driver_opts', 'external', 'labels'])) return undefined;
  const { external, name } = readExternal(cursor);
  if (external) {
    for (const key of ['driver', 'driver_opts', 'labels']) {
      cursor.at(key)?.refuse('cannot stand beside external: the volume exists already');
    }
  }
  const driver = cursor.at('driver')?.text();
  const options = cursor.at('driver_opts')?.entries() ?? [];
  return { external, driver, driver_opts: new Map(options.map(([key, value]) => [key, value.scalar() ?? ''])), name };
}

/** `external: true`, or the old `external: {name: …}`. */
function readExternal(cursor: Cursor): { external: boolean; name: string | undefined } {
  const name = cursor.at('name')?.text();
  const written = cursor.at('external');
  if (written?.tree.kind !== 'map') return { external: written?.boolean() ?? false, name };
  written.checkKeys(['name']);
  const inner = written.at('name')?.text();
  if (name !== undefined && inner !== undefined && name !== inner) written.refuse('has another name than the key name');
  return { external: true, name: name ?? inner };
}

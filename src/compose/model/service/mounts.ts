import { posix } from 'node:path';
import { quote } from '../../../system/yaml/yaml.js';
import { splitMount } from '../../syntax/mounts.js';
import type { Cursor } from '../cursor.js';
import type { MountModel } from '../types.js';

const types = ['bind', 'volume', 'tmpfs', 'cluster', 'npipe', 'image'] as const;

/** Reads the mounts of a service in long form; for a repeated path the last one counts, as in Compose. */
export function readMounts(section: Cursor): MountModel[] {
  const mounts = new Map<string, MountModel>();
  for (const item of section.items()) {
    const mount = item.tree.kind === 'map' ? longMount(item) : shortMount(item);
    if (mount !== undefined) mounts.set(mount.target, mount);
  }
  return [...mounts.values()];
}

function shortMount(item: Cursor): MountModel | undefined {
  const text = item.text();
  if (text === undefined) return undefined;
  const mount = splitMount(text);
  if (mount === undefined) return item.refuse(`${quote(text)} is not a mount: write [source:]target[:options]`);
  const { type, source, readOnly, options } = mount;
  const target = checkedTarget(item, mount.target);
  if (target === undefined) return undefined;
  const others = options.filter((option) => option !== 'ro' && option !== '');
  return { type, source, target, read_only: readOnly, options: others };
}

function checkedTarget(item: Cursor, target: string): string | undefined {
  if (target.startsWith('/')) return posix.join(target).replace(/(?<=.)\/$/, '');
  const letter = /^\p{L}:/u.test(target) ? '; Compose reads a name of one letter as a Windows drive' : '';
  return item.refuse(`the target ${quote(target)} must be a path in the container that starts with /${letter}`);
}

const keys = ['type', 'source', 'target', 'read_only', 'consistency', 'bind', 'volume', 'tmpfs', 'image'];

function longMount(item: Cursor): MountModel | undefined {
  item.checkKeys(keys);
  if (item.at('type') === undefined) return item.refuse(`is missing its key type: one of ${types.join(', ')}`);
  if (item.at('target') === undefined) return item.refuse('is missing its key target: the path in the container');
  const type = item.at('type')?.oneOf(types);
  const target = item.at('target')?.text();
  const path = target === undefined ? undefined : checkedTarget(item, target);
  const source = item.at('source')?.text();
  const details = longDetails(item);
  const readOnly = item.at('read_only')?.boolean() ?? false;
  if (type === undefined || path === undefined) return undefined;
  if (type === 'bind' && source === undefined) return item.refuse('is missing its key source: the path on the host');
  return {
    type,
    ...(source === undefined || source === '' ? {} : { source }),
    target: path,
    read_only: readOnly,
    ...details,
  };
}

/** Reads the sub-maps of the long form. */
function longDetails(item: Cursor): Pick<MountModel, 'options' | 'size' | 'subpath'> {
  const [bind, volume, tmpfs, image] = ['bind', 'volume', 'tmpfs', 'image'].map((key) => item.at(key));
  bind?.checkKeys(['propagation', 'create_host_path', 'recursive', 'selinux']);
  volume?.checkKeys(['labels', 'nocopy', 'subpath']);
  tmpfs?.checkKeys(['size', 'mode']);
  image?.checkKeys(['subpath']);
  const createHostPath = bind?.at('create_host_path')?.boolean();
  const recursive = bind?.at('recursive')?.text();
  const mode = tmpfs?.at('mode')?.scalar();
  // YAML has already converted the octal number.
  const octal = mode !== undefined && /^\d+$/.test(mode) ? `0${Number(mode).toString(8)}` : mode;
  const options = [
    item.at('consistency')?.text(),
    bind?.at('propagation')?.text(),
    bind?.at('selinux')?.oneOf(['z', 'Z']),
    createHostPath === false ? 'create_host_path=false' : undefined,
    recursive === undefined ? undefined : `recursive=${recursive}`,
    volume?.at('nocopy')?.boolean() ? 'nocopy' : undefined,
    octal === undefined ? undefined : `mode=${octal}`,
  ];
  return {
    options: options.filter((option) => option !== undefined),
    size: tmpfs?.at('size')?.bytes(),
    subpath: (volume ?? image)?.at('subpath')?.text(),
  };
}

import type { YAMLMap } from 'yaml';
import { isMap, isScalar, isSeq, type Node, Scalar, YAMLSeq } from 'yaml';
import { copyComments, detachAliases, nodesBelow, ownMap, ownPair } from './anchors.js';
import type { ComposeFile } from './file.js';
import { renderDocument } from '../../system/yaml/render.js';

/** Files that were edited: the text no longer matches the document. */
const edited = new WeakSet<ComposeFile>();

/**
 * Replaces the ports of a service; other services that share nodes with it keep theirs. If the service already has
 * exactly these ports, it is left as written.
 * @param ports in short form; an empty list removes all ports
 * @param inherits whether the service extends one with ports: Compose would add those, unless the list is marked as a
 * replacement
 * @returns false if the file has no such service
 */
export function setServicePorts(
  file: ComposeFile,
  service: string,
  ports: readonly string[],
  inherits = false,
): boolean {
  const known = file.services.get(service);
  if (!known) return false;
  if (!inherits && known.ports.length === ports.length && known.ports.every((port, index) => port.raw === ports[index]))
    return true;
  const parents = openMaps(file, ['services', service]);
  const map = parents[parents.length - 1];
  if (!map) return false;
  const pair = ownPair(map, 'ports');
  detachAliases(file.yaml.document, new Set<Node>([...parents, ...nodesBelow(pair?.value)]));

  const before = pair?.value;
  const list = new YAMLSeq<Scalar>(file.yaml.document.schema);
  copyComments(before, list);
  if (isSeq(before) && before.flow) list.flow = true;
  if (inherits) list.tag = '!override';
  const unused = isSeq(before) ? before.items.filter(isScalar) : [];
  list.items = ports.map((port) => {
    const node = new Scalar(port);
    const at = unused.findIndex((item) => String(item.value) === port);
    const [same] = at < 0 ? [] : unused.splice(at, 1);
    if (same) keepLook(same, node);
    return node;
  });
  if (pair) pair.value = list;
  else map.items.push(file.yaml.document.createPair('ports', list));
  edited.add(file);
  return true;
}

/** Keeps the quotes and comments of an unchanged port. */
function keepLook(from: Scalar, to: Scalar): void {
  if (typeof from.value === 'string' && from.type) to.type = from.type;
  if (from.comment) to.comment = from.comment;
  if (from.commentBefore) to.commentBefore = from.commentBefore;
  if (from.spaceBefore) to.spaceBefore = true;
}

/**
 * Makes a top-level volume a bind of `device`, replacing its definition.
 * @returns false if the file does not declare the volume
 */
export function bindVolume(file: ComposeFile, volume: string, device: string): boolean {
  if (!file.volumes.has(volume)) return false;
  const parents = openMaps(file, ['volumes']);
  const map = parents[parents.length - 1];
  if (!map) return false;
  const pair = ownPair(map, volume);
  const { document } = file.yaml;
  detachAliases(document, new Set<Node>([...parents, ...nodesBelow(pair?.value)]));

  const definition = document.createNode(
    new Map<string, unknown>([
      ['driver', 'local'],
      [
        'driver_opts',
        new Map([
          ['type', 'none'],
          ['device', device],
          ['o', 'bind'],
        ]),
      ],
    ]),
  );
  if (pair) {
    copyComments(pair.value, definition);
    pair.value = definition;
  } else {
    map.items.push(document.createPair(volume, definition));
  }
  edited.add(file);
  return true;
}

/** The maps along a path from the root, each as its own node, ready to be edited. */
function openMaps(file: ComposeFile, path: readonly string[]): YAMLMap[] {
  const { document } = file.yaml;
  let map: unknown = document.contents;
  const maps: YAMLMap[] = [];
  for (const key of path) {
    if (!isMap(map)) return [];
    maps.push(map);
    map = ownMap(document, map, key);
  }
  return isMap(map) ? [...maps, map] : [];
}

/**
 * Renders the file: exactly the text that was read unless it was edited, else the document with its comments and
 * quotes.
 */
export function renderCompose(file: ComposeFile): string {
  if (!edited.has(file)) return file.yaml.text;
  return renderDocument(file.yaml.document);
}

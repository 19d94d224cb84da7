import { isIP } from 'node:net';
import { quote } from '../../../system/yaml/yaml.js';
import { parsePort, portHelp, portProblem, portRange, validPortRange } from '../../syntax/ports.js';
import type { Cursor } from '../cursor.js';
import type { PortModel } from '../types.js';

const keys = ['name', 'mode', 'host_ip', 'target', 'published', 'protocol', 'app_protocol'];

/** Reads the ports of a service, with every short form and range expanded; of duplicates the last one counts. */
export function readPorts(section: Cursor): PortModel[] {
  const ports = new Map<string, PortModel>();
  for (const item of section.items()) {
    for (const port of item.tree.kind === 'map' ? longPort(item) : shortPorts(item)) {
      ports.set(`${port.host_ip ?? '0.0.0.0'}:${port.published ?? ''}:${port.target}/${port.protocol}`, port);
    }
  }
  return [...ports.values()];
}

function shortPorts(item: Cursor): PortModel[] {
  if (item.tree.kind === 'list' || (item.tree.kind === 'scalar' && !['text', 'int'].includes(item.tree.type))) {
    item.refuse('must be a port: write [ip:][host:]container[/protocol] in quotes, or a map with target');
    return [];
  }
  const text = item.scalar() ?? '';
  // Compose reads `80/` as `80`.
  const port = parsePort(text.replace(/\/$/, ''));
  const targets = port && portRange(port.container);
  if (port === undefined || targets === undefined || text.includes('$') || portProblem(text) !== undefined) {
    // Only the whole text: a part of it may be a part of a secret, which the redactor would not find.
    item.refuse(`${quote(text)} is not a port: ${portHelp}`);
    return [];
  }
  const count = targets.last - targets.first;
  const hosts = port.host === undefined ? undefined : portRange(port.host);
  return Array.from({ length: count + 1 }, (_, index) => {
    const published = count === 0 ? port.host : hosts && String(hosts.first + index);
    return made(targets.first + index, published && trimmed(published), port.ip, port.protocol);
  });
}

/** Normalises `08080` and `80-80` to `8080` and `80`. */
function trimmed(published: string): string {
  const range = portRange(published);
  if (range === undefined) return published;
  return range.first === range.last ? String(range.first) : `${range.first}-${range.last}`;
}

function longPort(item: Cursor): PortModel[] {
  item.checkKeys(keys);
  const target = item.at('target')?.integer();
  const published = item.at('published');
  const ip = item.at('host_ip');
  const protocol = item.at('protocol')?.text();
  if (item.at('target') === undefined) item.refuse('is missing its key target: the port in the container');
  if (target === undefined) return [];
  if (target < 1 || target > 65535) item.at('target')?.refuse('must be a port from 1 to 65535');
  const text = published?.textOrNumber();
  if (text !== undefined && text !== '' && validPortRange(text, 0) === undefined) {
    published?.refuse(`must be a port of the host or a range of them, found ${quote(text)}`);
  }
  const address = ip?.text();
  if (address !== undefined && isIP(address) === 0) ip?.refuse(`must be an address, found ${quote(address)}`);
  return [made(target, text === '' ? undefined : text, address, protocol ?? 'tcp')];
}

function made(target: number, published: string | undefined, ip: string | undefined, protocol: string): PortModel {
  return { target, published, host_ip: ip, protocol: protocol.toLowerCase() };
}

import { quote } from '../../../system/yaml/yaml.js';
import type { Cursor } from '../cursor.js';

/** Reads `extra_hosts`: a map, or a list of `host=address` or `host:address`. A host may have several addresses. */
export function readExtraHosts(section: Cursor): Map<string, string[]> {
  const hosts = new Map<string, string[]>();
  const add = (cursor: Cursor, host: string, addresses: readonly string[]): void => {
    if (host === '' || /[:=]/.test(host)) cursor.refuse(`${quote(host)} is not a host name`);
    const bare = addresses.map((address) => (address.length > 2 ? address.replace(/^\[(.*)\]$/, '$1') : address));
    hosts.set(host, [...(hosts.get(host) ?? []), ...bare]);
  };
  if (section.tree.kind === 'map') {
    for (const [host, cursor] of section.entries()) {
      add(cursor, host, cursor.tree.kind === 'list' ? cursor.texts() : [cursor.scalar() ?? '']);
    }
    return hosts;
  }
  const seen = new Set<string>();
  for (const item of section.items()) {
    const text = item.text();
    if (text === undefined || seen.has(text)) continue;
    seen.add(text);
    const separator = text.includes('=') ? '=' : ':';
    const at = text.indexOf(separator);
    if (at < 0) item.refuse(`${quote(text)} names no address: write host=address`);
    else add(item, text.slice(0, at), text.slice(at + 1).split(','));
  }
  return hosts;
}

import { isIP } from 'node:net';
import { quote } from '../system/yaml/yaml.js';

const grammar =
  /^(?:(?:(?<address>\[[^\]]*\]|[^:[\]/]*):)?(?<host>[^:[\]/]*):)?(?<container>[^:[\]/]+)(?:\/(?<protocol>[^:/]*))?$/;
const protocols = ['tcp', 'udp', 'sctp'];
const help =
  'write [ip:][host:]container[/protocol], such as "80", "8080:80", "127.0.0.1:8080:80/udp" or "8000-8010:80-90"';

/**
 * Why Compose would refuse this port of a spec; undefined if it is valid. A port with `$` passes: its value is known
 * only after Compose's interpolation.
 */
export function portProblem(text: string): string | undefined {
  if (text.includes('$')) return undefined;
  const match = grammar.exec(text);
  if (!match) return `${quote(text)} is not a port: ${help}`;
  const { address, host = '', container = '', protocol } = match.groups ?? {};
  const bare = address?.replace(/^\[(.*)\]$/, '$1');
  if (bare && (isIP(bare) === 0 || bare.includes('%')))
    return `${quote(bare)} in ${quote(text)} is not an IP address: ${help}`;
  if (protocol && !protocols.includes(protocol.toLowerCase())) {
    return `${quote(protocol)} in ${quote(text)} is not a protocol: tcp, udp and sctp are`;
  }
  const containerRange = range(container, 1);
  if (!containerRange) return `${quote(container)} in ${quote(text)} is not a port: 1 to 65535, ranges upwards`;
  if (host === '') return undefined;
  const hostRange = range(host, 0);
  if (!hostRange) return `${quote(host)} in ${quote(text)} is not a host port: 0 to 65535, ranges upwards`;
  const [containers, hosts] = [containerRange[1] - containerRange[0], hostRange[1] - hostRange[0]];
  return containers === hosts || containers === 0
    ? undefined
    : `${quote(text)} maps ${hosts + 1} host ports to ${containers + 1} container ports: the ranges must be equally long`;
}

/** Both ends of `80` or `80-90`; undefined if these are not ports, or in descending order. */
function range(text: string, lowest: number): [number, number] | undefined {
  const match = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(text);
  if (!match) return undefined;
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  return first >= lowest && last <= 65535 && first <= last ? [first, last] : undefined;
}

import { isIP } from 'node:net';
import { quote } from '../../system/yaml/yaml.js';
import { splitShortForm } from './split.js';

const protocols = ['tcp', 'udp', 'sctp'];
/** How a port is written in short form. */
export const portHelp =
  'write [ip:][host:]container[/protocol], such as "80", "8080:80", "127.0.0.1:8080:80/udp" or "8000-8010:80-90"';

/**
 * An entry of a service's `ports`. Ports are text, since they may be a range (`8000-8010`) or an interpolation
 * (`${PORT:-80}`).
 */
export interface ComposePort {
  /** As written in the file; a long form is converted to the equivalent short form. */
  raw: string;
  container: string;
  /** Host port; absent: Docker picks a free one. */
  host?: string;
  /** Host address, without brackets. */
  ip?: string;
  /** Lower case; `tcp` by default. */
  protocol: string;
}

/**
 * Parses a port: a number, the short form (`80`, `8080:80`, `127.0.0.1:8080:80/udp`, `[::1]::80`, ranges) or the long
 * form (`target`, `published`, `host_ip`, `protocol`). Interpolations stay as they are.
 * @returns undefined if it is none of these
 */
export function parsePort(value: unknown): ComposePort | undefined {
  if (typeof value === 'number') return parseShort(String(value));
  if (typeof value === 'string') return parseShort(value);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return parseLong({ ...value });
  return undefined;
}

/** Formats a port in short form: `[ip:][host:]container[/protocol]`, without the protocol if it is tcp. */
export function formatPort(port: Omit<ComposePort, 'raw'>): string {
  const ip = port.ip?.includes(':') && !port.ip.includes('$') ? `[${port.ip}]` : port.ip;
  const host = ip === undefined ? port.host : `${ip}:${port.host ?? ''}`;
  const protocol = port.protocol === 'tcp' ? '' : `/${port.protocol}`;
  return `${host === undefined ? '' : `${host}:`}${port.container}${protocol}`;
}

/** First and last port of a range, or twice the same port. */
export interface PortRange {
  first: number;
  last: number;
}

/** First and last port of `80` or `8000-8010`; undefined for an interpolation. */
export function portRange(port: string): PortRange | undefined {
  const match = /^(\d+)(?:-(\d+))?$/.exec(port);
  if (!match) return undefined;
  const first = Number(match[1]);
  return { first, last: match[2] === undefined ? first : Number(match[2]) };
}

/** How many ports a range has. */
export function lengthOf({ first, last }: PortRange): number {
  return last - first + 1;
}

/** {@link portRange}; undefined also for a range that descends, or that has ports below `lowest` or above 65535. */
export function validPortRange(port: string, lowest: 0 | 1): PortRange | undefined {
  const range = portRange(port);
  return range && range.first >= lowest && range.first <= range.last && range.last <= 65535 ? range : undefined;
}

/** Whether an entry publishes this port of the host. */
export function publishes({ host }: ComposePort, port: number): boolean {
  const range = host === undefined ? undefined : portRange(host);
  return range !== undefined && range.first <= port && port <= range.last;
}

/**
 * Splits the short form into its parts, unchecked: an address may have brackets, a part may be empty.
 * @returns undefined if it has too many parts
 */
export function splitPort(
  text: string,
): { ip: string | undefined; host: string | undefined; container: string; protocol: string | undefined } | undefined {
  const [address = '', protocol, ...tooMany] = splitShortForm(text, '/');
  const pieces = splitShortForm(address, ':');
  const [container = '', host, ip] = pieces.reverse();
  return tooMany.length > 0 || pieces.length > 3 ? undefined : { ip, host, container, protocol };
}

/**
 * Why Compose would refuse this port in short form; undefined if it is valid. A port with `$` passes: its value is
 * known only after Compose's interpolation. The text contains parts of the port, which a redactor may miss.
 */
export function portProblem(text: string): string | undefined {
  if (text.includes('$')) return undefined;
  const parts = splitPort(text);
  if (!parts?.container) return `${quote(text)} is not a port: ${portHelp}`;
  const { ip, host = '', container, protocol } = parts;
  const bare = ip?.replace(/^\[(.*)\]$/, '$1');
  if (bare && (isIP(bare) === 0 || bare.includes('%')))
    return `${quote(bare)} in ${quote(text)} is not an IP address: ${portHelp}`;
  if (protocol && !protocols.includes(protocol.toLowerCase())) {
    return `${quote(protocol)} in ${quote(text)} is not a protocol: tcp, udp and sctp are`;
  }
  const containerRange = validPortRange(container, 1);
  if (!containerRange) return `${quote(container)} in ${quote(text)} is not a port: 1 to 65535, ranges upwards`;
  if (host === '') return undefined;
  const hostRange = validPortRange(host, 0);
  if (!hostRange) return `${quote(host)} in ${quote(text)} is not a host port: 0 to 65535, ranges upwards`;
  const [containers, hosts] = [lengthOf(containerRange), lengthOf(hostRange)];
  return containers === hosts || containers === 1
    ? undefined
    : `${quote(text)} maps ${hosts} host ports to ${containers} container ports: the ranges must be equally long`;
}

function parseShort(raw: string): ComposePort | undefined {
  const parts = splitPort(raw);
  if (parts === undefined || parts.protocol === '') return undefined;
  const { host, protocol = 'tcp' } = parts;
  // An empty host port means any free one.
  return checked({ ...parts, raw, host: host === '' ? undefined : host, protocol });
}

function parseLong(value: Record<string, unknown>): ComposePort | undefined {
  const text = (key: string): string | undefined => {
    const found = value[key];
    return typeof found === 'string' || typeof found === 'number' ? String(found) : undefined;
  };
  const host = text('published');
  const ip = text('host_ip');
  const port = checked({
    raw: '',
    container: text('target') ?? '',
    host: host === '' ? undefined : host,
    ip: ip === '' ? undefined : ip,
    protocol: text('protocol') ?? 'tcp',
  });
  return port && { ...port, raw: formatPort(port) };
}

function checked(port: ComposePort): ComposePort | undefined {
  const { container, host, protocol } = port;
  const ip = port.ip?.replace(/^\[(.*)\]$/, '$1');
  if (!isPort(container, 1) || (host !== undefined && !isPort(host, 0))) return undefined;
  if (ip !== undefined && !ip.includes('$') && isIP(ip) === 0) return undefined;
  return { ...port, ip, protocol: protocol.includes('$') ? protocol : protocol.toLowerCase() };
}

function isPort(text: string, lowest: 0 | 1): boolean {
  return text.includes('$') || validPortRange(text, lowest) !== undefined;
}

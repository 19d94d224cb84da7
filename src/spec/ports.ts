import { isIP } from 'node:net';
import { lengthOf, splitPort, validPortRange } from '../compose/syntax/ports.js';
import { quote } from '../system/yaml/yaml.js';

const protocols = ['tcp', 'udp', 'sctp'];
const help =
  'write [ip:][host:]container[/protocol], such as "80", "8080:80", "127.0.0.1:8080:80/udp" or "8000-8010:80-90"';

/**
 * Why Compose would refuse this port of a spec; undefined if it is valid. A port with `$` passes: its value is known
 * only after Compose's interpolation.
 */
export function portProblem(text: string): string | undefined {
  if (text.includes('$')) return undefined;
  const parts = splitPort(text);
  if (!parts?.container) return `${quote(text)} is not a port: ${help}`;
  const { ip, host = '', container, protocol } = parts;
  const bare = ip?.replace(/^\[(.*)\]$/, '$1');
  if (bare && (isIP(bare) === 0 || bare.includes('%')))
    return `${quote(bare)} in ${quote(text)} is not an IP address: ${help}`;
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

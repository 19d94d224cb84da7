import { describe, expect, it } from 'vitest';
import { formatPort, parsePort, portProblem } from '../../../../src/compose/syntax/ports.js';

describe('parsePort', () => {
  it.each<[unknown, object]>([
    ['80', { container: '80' }],
    [80, { container: '80', raw: '80' }],
    ['90/udp', { container: '90', protocol: 'udp' }],
    ['91/TCP', { container: '91', protocol: 'tcp' }],
    ['8080:81', { host: '8080', container: '81' }],
    ['127.0.0.1:80:80', { ip: '127.0.0.1', host: '80', container: '80' }],
    ['127.0.0.1::80', { ip: '127.0.0.1', container: '80' }],
    ['[::1]:80:80/udp', { ip: '::1', host: '80', container: '80', protocol: 'udp' }],
    ['3000-3005', { container: '3000-3005' }],
    ['9090-9091:8080-8081', { host: '9090-9091', container: '8080-8081' }],
    ['8000-8010:80', { host: '8000-8010', container: '80' }],
    ['0:80', { host: '0', container: '80' }],
    [':80', { container: '80' }],
    ['${PORT:-80}:80', { host: '${PORT:-80}', container: '80' }],
    [
      '${IP:-127.0.0.1}:${P:-${Q:-1}}:80/${PROTO:-udp}',
      { ip: '${IP:-127.0.0.1}', host: '${P:-${Q:-1}}', container: '80', protocol: '${PROTO:-udp}' },
    ],
    ['${PORTS}', { container: '${PORTS}' }],
    [{ target: 80 }, { container: '80', raw: '80' }],
    [
      { target: 80, published: '8080-8090' },
      { host: '8080-8090', container: '80', raw: '8080-8090:80' },
    ],
    [
      { target: '${T}', published: 81, host_ip: '::1', protocol: 'udp' },
      { ip: '::1', host: '81', container: '${T}', protocol: 'udp', raw: '[::1]:81:${T}/udp' },
    ],
    [
      { target: 80, published: '', host_ip: '' },
      { container: '80', raw: '80' },
    ],
  ])('reads %j', (value, expected) => {
    expect(parsePort(value)).toEqual({ raw: value, protocol: 'tcp', ...expected });
  });

  it.each<unknown>([
    '',
    ':',
    '80:',
    'a',
    '80:b',
    '1:2:3',
    'localhost:80:80',
    '1.2.3.4:5:80:80',
    '::1:80:80',
    '80/',
    '80/tcp/udp',
    '0',
    '65536',
    '90-80',
    '-1',
    80.5,
    true,
    null,
    [],
    {},
    { published: 80 },
  ])('rejects %j', (value) => {
    expect(parsePort(value)).toBeUndefined();
  });

  it.each([
    '80',
    '90/udp',
    '8080:81',
    '127.0.0.1:80:80',
    '127.0.0.1::80',
    '[::1]:80:80/udp',
    '3000-3005',
    '${IP:-::1}:80:80',
  ])('formatPort prints %s as it was read', (text) => {
    const port = parsePort(text);
    expect(port && formatPort(port)).toBe(text);
  });
});

describe('portProblem', () => {
  it.each([
    ['8080:eighty', '"eighty" in "8080:eighty" is not a port: 1 to 65535, ranges upwards'],
    ['65536:80', '"65536" in "65536:80" is not a host port: 0 to 65535, ranges upwards'],
    ['8000-8002:80-81', '"8000-8002:80-81" maps 3 host ports to 2 container ports: the ranges must be equally long'],
    ['80/http', '"http" in "80/http" is not a protocol: tcp, udp and sctp are'],
    ['localhost:80:80', expect.stringContaining('"localhost" in "localhost:80:80" is not an IP address: write ')],
    ['1:2:3:4', expect.stringContaining('"1:2:3:4" is not a port: write [ip:][host:]container[/protocol]')],
    ['80\n', expect.stringContaining('"80\\n"')],
    // Only Compose knows how this is resolved.
    ['${PORT}:80', undefined],
  ])('explains %j', (text, problem) => {
    expect(portProblem(text)).toEqual(problem);
  });
});

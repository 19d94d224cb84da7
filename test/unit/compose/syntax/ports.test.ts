import { describe, expect, it } from 'vitest';
import { formatPort, parsePort } from '../../../../src/compose/syntax/ports.js';

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

import { describe, expect, it } from 'vitest';
import { parseComposeFile } from '../../../../src/compose/document/file.js';
import { InvalidFileError } from '../../../../src/system/errors.js';

function parse(text: string): ReturnType<typeof parseComposeFile> {
  return parseComposeFile(text, 'docker-compose-web.yml');
}

describe('parseComposeFile', () => {
  it.each([
    ['an empty file', ''],
    ['null sections', 'services:\nvolumes:\n'],
    ['no services', 'version: "3"\n'],
  ])('reads %s as no services and no volumes', (_name, text) => {
    const file = parse(text);
    expect([...file.services.keys(), ...file.volumes]).toEqual([]);
  });

  it('reads null sections of a service as empty ones', () => {
    const file = parse(
      'services:\n  a:\n    image: x\n    ports:\n    volumes:\n    environment:\n    env_file:\n    profiles:\n  b:\n',
    );
    const empty = { ports: [], mounts: [], envFiles: [], profiles: [] };
    expect([...file.services.values()]).toEqual([
      { name: 'a', image: 'x', ...empty },
      { name: 'b', ...empty },
    ]);
  });

  it('reads every key that the program needs', () => {
    const file = parse(`
services:
  web:
    image: web:\${TAG:-local}
    restart: unless-stopped
    profiles: [debug]
    ports: ["\${PORT:-80}:80", 90, {target: 53, published: "5353", protocol: udp, host_ip: 127.0.0.1, mode: host}]
    volumes:
      - data:/data:ro
      - {type: bind, source: ../config/web, target: /etc/web, read_only: true}
    env_file:
      - ../config/web/a.env
      - {path: ../config/web/b.env, required: false}
volumes:
  data:
`);
    expect(file.services.get('web')).toEqual({
      name: 'web',
      image: 'web:${TAG:-local}',
      restart: 'unless-stopped',
      profiles: ['debug'],
      ports: [
        { raw: '${PORT:-80}:80', host: '${PORT:-80}', container: '80', protocol: 'tcp' },
        { raw: '90', container: '90', protocol: 'tcp' },
        { raw: '127.0.0.1:5353:53/udp', ip: '127.0.0.1', host: '5353', container: '53', protocol: 'udp' },
      ],
      mounts: [
        { kind: 'volume', source: 'data', target: '/data', readOnly: true },
        { kind: 'bind', source: '../config/web', target: '/etc/web', readOnly: true },
      ],
      envFiles: ['../config/web/a.env', '../config/web/b.env'],
    });
    expect([...file.volumes]).toEqual(['data']);
  });

  it('reads env_file as a string, whose config directory counts', () => {
    expect(parse('services: {a: {env_file: ../config/a/x.env}}').services.get('a')?.envFiles).toEqual([
      '../config/a/x.env',
    ]);
  });

  it('reads through anchors, aliases and merges', () => {
    const file = parse(`
x-base: &base {image: x, ports: ["80"], restart: "no"}
services:
  a: &a {<<: *base, volumes: ["data:/v"]}
  b: *a
  c: {<<: [{ports: ["1"]}, *base]}
volumes: &v {data: }
`);
    expect(file.services.get('b')).toMatchObject({
      image: 'x',
      restart: 'no',
      ports: [{ raw: '80' }],
      mounts: [{ source: 'data' }],
    });
    expect(file.services.get('c')).toMatchObject({ image: 'x', ports: [{ raw: '1' }] });
  });

  it('reports every problem with line and key', () => {
    const text = `services:
  a:
    image: [x]
    ports:
      - 80
      - a:b:c
      - true
    volumes: data:/x
  b: text
  c:
    env_file: {path: x}
    volumes:
      - data::/x
      - {source: x}
volumes: [data]
`;
    try {
      parse(text);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidFileError);
      const problems = (error as InvalidFileError).problems.map(
        ({ line, key, message }) => `${line ?? 0} ${key ?? ''}: ${message}`,
      );
      expect(problems).toEqual([
        '3 services.a.image: must be text, not a list',
        '6 services.a.ports[1]: "a:b:c" is not a port: write [ip:][host:]container[/protocol], or a map with target',
        '7 services.a.ports[2]: "true" is not a port: write [ip:][host:]container[/protocol], or a map with target',
        '8 services.a.volumes: must be a list, not "data:/x"',
        '9 services.b: must be a map, not "text"',
        '13 services.c.volumes[0]: "data::/x" is not a mount: write [source:]target[:options], or a map with type and target',
        '14 services.c.volumes[1]: a map is not a mount: write [source:]target[:options], or a map with type and target',
        '11 services.c.env_file: must be a list, not a map',
        '15 volumes: must be a map, not a list',
      ]);
    }
  });
});

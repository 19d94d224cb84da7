import { describe, expect, it } from 'vitest';
import { bindVolume, renderCompose, setServicePorts } from '../../../../src/compose/document/edit.js';
import { parseComposeFile } from '../../../../src/compose/document/file.js';
import { parseYaml } from '../../../../src/system/yaml/yaml.js';

function edit(text: string, change: (file: ReturnType<typeof parseComposeFile>) => void): string {
  const file = parseComposeFile(text, 'docker-compose-web.yml');
  change(file);
  return renderCompose(file);
}

function valueOf(text: string): unknown {
  return parseYaml(text, 'result.yml').value;
}

describe('a file that needs no edit is written back byte for byte', () => {
  const odd =
    'services:\r\n\r\n\r\n  web:   # odd\r\n      image:    "x"\r\n      ports: [ 80,   "90/udp" ]\r\nvolumes: {data: }';

  it('when nothing is changed', () => {
    expect(edit(odd, () => undefined)).toBe(odd);
  });

  it('when the ports are the same', () => {
    expect(edit(odd, (file) => setServicePorts(file, 'web', ['80', '90/udp']))).toBe(odd);
  });

  it('when the service or volume is not in this file', () => {
    expect(
      edit(odd, (file) => {
        expect(setServicePorts(file, 'other', ['80'])).toBe(false);
        expect(bindVolume(file, 'other', '../data/x')).toBe(false);
      }),
    ).toBe(odd);
  });
});

describe('setServicePorts', () => {
  it.each([
    ['services:\n  web:\n    extends: base\n    ports: ["80"]\n', ['80']],
    ['services:\n  web: {extends: base}\n', []],
  ])('marks a list that must replace inherited ports', (text, ports) => {
    const written = edit(text, (file) => setServicePorts(file, 'web', ports, true));
    expect(written).toContain('ports: !override');
    expect(
      parseComposeFile(written, 'again.yml')
        .services.get('web')
        ?.ports.map(({ raw }) => raw),
    ).toEqual(ports);
  });

  it('replaces the list, keeps comments, quotes and order, and quotes text that looks like a number', () => {
    const text = `# head
services:
  web: # the site
    image: "web:local"
    ports: # published
      - "80:80" # http
      - 9000
    # after ports
    command: ["run", 'it']   # end
`;
    expect(
      edit(text, (file) => setServicePorts(file, 'web', ['80:80', '80', '90/udp', '127.0.0.1:81:81', '[::1]:82:82'])),
    ).toBe(`# head
services:
  web:
    # the site
    image: "web:local"
    ports:
      # published
      - "80:80" # http
      - '80'
      - 90/udp
      - 127.0.0.1:81:81
      - '[::1]:82:82'
    # after ports
    command: ["run", 'it'] # end
`);
  });

  it('removes all ports with an empty list, also those of a merge', () => {
    const text = 'x-b: &b {ports: ["80"]}\nservices:\n  a:\n    <<: *b\n    image: x\n';
    const result = edit(text, (file) => setServicePorts(file, 'a', []));
    expect(valueOf(result)).toEqual({ 'x-b': { ports: ['80'] }, services: { a: { ports: [], image: 'x' } } });
  });

  it.each([
    ['null', 'services:\n  a:\n    image: x\n    ports:\n'],
    ['absent', 'services:\n  a:\n    image: x\n'],
    ['a null service', 'services:\n  a:\n'],
    ['flow style', 'services: {a: {image: x, ports: [80]}}\n'],
    ['long form', 'services:\n  a:\n    image: x\n    ports:\n      - target: 80\n        published: 8080\n'],
  ])('sets ports where there were none or other ones: %s', (_name, text) => {
    const result = edit(text, (file) => setServicePorts(file, 'a', ['81']));
    expect(valueOf(result)).toMatchObject({ services: { a: { ports: ['81'] } } });
  });

  const shared: [string, string][] = [
    ['the anchor is the edited service', 'services:\n  a: &a\n    image: x\n    ports: ["80"]\n  b: *a\n'],
    ['the alias is the edited service', 'services:\n  b: &a\n    image: x\n    ports: ["80"]\n  a: *a\n'],
    ['a sibling merges the edited service', 'services:\n  a: &a\n    image: x\n    ports: ["80"]\n  b:\n    <<: *a\n'],
    [
      'a sibling merges a list that contains the edited service',
      'services:\n  a: &a\n    image: x\n    ports: ["80"]\n  b:\n    <<: [*a, {tty: true}]\n',
    ],
    ['the list is shared', 'services:\n  a:\n    image: x\n    ports: &p ["80"]\n  b:\n    image: x\n    ports: *p\n'],
    ['an item is shared', 'services:\n  a:\n    image: x\n    ports: [&p "80"]\n  b:\n    image: x\n    ports: [*p]\n'],
    [
      'both merge the same base',
      'x-s: &s\n  image: x\n  ports: ["80"]\nservices:\n  a:\n    <<: *s\n  b:\n    <<: *s\n',
    ],
    [
      'all services are an alias',
      'x-s: &s\n  a:\n    image: x\n    ports: ["80"]\n  b:\n    image: x\n    ports: ["80"]\nservices: *s\n',
    ],
    [
      'all services are merged in',
      'x-s: &s\n  a:\n    image: x\n    ports: ["80"]\n  b:\n    image: x\n    ports: ["80"]\nservices:\n  <<: *s\n',
    ],
    [
      'an alias is inside a shared part',
      'services:\n  a: &a\n    image: x\n    ports: &p ["80"]\n    expose: *p\n  b: *a\n  c:\n    image: x\n    ports: *p\n',
    ],
    [
      'an anchor name is used twice',
      'services:\n  a: &a\n    image: x\n    ports: &p ["80"]\n  c:\n    image: y\n    ports: &p ["70"]\n  b: *a\n',
    ],
    [
      'an alias refers to all services',
      'services: &s\n  a:\n    image: x\n    ports: ["80"]\n  b:\n    image: x\n    ports: ["80"]\nx-copy: *s\n',
    ],
  ];
  it.each(shared)('changes only the edited service when %s', (_name, text) => {
    const before = valueOf(text) as { services: Record<string, { ports: string[] }> };
    const result = edit(text, (file) => setServicePorts(file, 'a', ['81', '82']));

    const expected = structuredClone(before);
    expected.services.a = { ...expected.services.a, ports: ['81', '82'] };
    // structuredClone keeps shared nodes, so the other entries are compared with a fresh parse.
    const after = valueOf(result) as typeof before;
    expect(after.services.a).toEqual(expected.services.a);
    const pristine = valueOf(text) as typeof before;
    for (const [key, value] of Object.entries(pristine))
      if (key !== 'services') expect(after).toHaveProperty([key], value);
    for (const [key, value] of Object.entries(pristine.services))
      if (key !== 'a') expect(after.services[key]).toEqual(value);
    expect(Object.keys(after.services).sort()).toEqual(Object.keys(pristine.services).sort());
  });

  it('keeps numbers as they are written, because Compose reads 0440 as octal', () => {
    const text =
      'services:\n  a:\n    image: x\n    ports: [80]\n    configs:\n      - source: c\n        mode: 0440\n    x-n: [0x1F, 1.50, 1e3, 12345678901234567890, .inf, 0o17, -0, True, ~]\n';
    const result = edit(text, (file) => setServicePorts(file, 'a', ['81']));
    expect(result).toContain('mode: 0440\n');
    expect(result).toContain('[0x1F, 1.50, 1e3, 12345678901234567890, .inf, 0o17, -0, True, ~]');
  });

  it('keeps a null in a flow map, because Compose reads {a:} as a key "a:"', () => {
    const text = 'services: {a: {image: x, environment: {A: , B}}}\nvolumes: {data: , other: }\n';
    const result = edit(text, (file) => setServicePorts(file, 'a', ['81']));
    expect(result).toBe(
      "services: {a: {image: x, environment: {A: null, B}, ports: ['81']}}\nvolumes: {data: null, other: null}\n",
    );
  });

  it('keeps text in every style', () => {
    const text = `services:
  a:
    image: x
    ports: [80]
    command: >
      folded
      text

      par
    entrypoint: |+
      kept

    labels:
      long: this is a long plain text that goes on and on ${'and on '.repeat(20)}
        over two lines
      q: "tab\\t \\u00e9 \\
        joined"
      s: 'it''s'
      yes: on
      date: 2020-01-01
    healthcheck: !override
      test: ["CMD", "a b"]
`;
    const before = valueOf(text) as { services: { a: { ports: unknown } } };
    before.services.a.ports = ['81'];
    const result = edit(text, (file) => setServicePorts(file, 'a', ['81']));
    expect(valueOf(result)).toEqual(before);
    expect(result).toContain('healthcheck: !override');
  });
});

describe('bindVolume', () => {
  const bound = { driver: 'local', driver_opts: { type: 'none', device: '../data/db', o: 'bind' } };

  it.each([
    ['null', 'volumes:\n  db:\n  other:\n'],
    ['empty map', 'volumes:\n  db: {}\n  other:\n'],
    ['another driver', 'volumes:\n  db:\n    external: true\n    name: x\n  other:\n'],
    ['flow', 'volumes: {db: , other: }\n'],
    ['alias', 'x-v: &v {driver: nfs}\nvolumes:\n  db: *v\n  other:\n'],
    ['merged in', 'x-v: &v {db: , other: }\nvolumes:\n  <<: *v\n'],
    ['all volumes an alias', 'x-v: &v {db: , other: }\nvolumes: *v\n'],
  ])('replaces the definition: %s', (_name, text) => {
    const before = valueOf(text) as Record<string, Record<string, unknown>>;
    const result = edit(text, (file) => expect(bindVolume(file, 'db', '../data/db')).toBe(true));
    const after = valueOf(result) as typeof before;
    expect(after.volumes).toEqual({ ...before.volumes, db: bound });
    expect(after['x-v']).toEqual(before['x-v']);
  });

  it('leaves a volume alone that shares the old definition', () => {
    const text = 'volumes:\n  db: &v {driver: nfs}\n  other: *v\n';
    const result = edit(text, (file) => bindVolume(file, 'db', '../data/db'));
    expect(valueOf(result)).toEqual({ volumes: { db: bound, other: { driver: 'nfs' } } });
  });

  it('writes the keys in the order that scripts rely on and keeps the comment', () => {
    const text = 'volumes:\n  db: # the data\n  other:\n';
    expect(edit(text, (file) => bindVolume(file, 'db', '/srv/my data'))).toBe(
      'volumes:\n  db:\n    # the data\n    driver: local\n    driver_opts:\n      type: none\n      device: /srv/my data\n      o: bind\n  other:\n',
    );
  });
});

import { describe, expect, it } from 'vitest';
import { parseComposeFile } from '../../../src/compose/document/file.js';
import { composeSpec, type InitInput, parseConfigFile, parseConfigOption } from '../../../src/spec/init.js';
import { InvalidFileError, LaconicError } from '../../../src/system/errors.js';
import { parseYaml } from '../../../src/system/yaml/yaml.js';

function init(input: Partial<InitInput> & { pods?: string[]; jobs?: string[] } = {}): string {
  const { pods = [], jobs = [], ...rest } = input;
  const parse = (text: string) => parseComposeFile(text, 'docker-compose-x.yml');
  return composeSpec({
    stackReference: 'test',
    deployTo: 'compose',
    config: new Map(),
    configFile: new Map(),
    composeFiles: { pods: pods.map(parse), jobs: jobs.map(parse) },
    ...rest,
  });
}

function read(text: string): Record<string, unknown> {
  return parseYaml(text, 'spec.yml').value as Record<string, unknown>;
}

const testPod = `
services:
  test:
    image: cerc/test-container:local
    volumes:
      - test-data-bind:/data
      - test-data-auto:/data2
      - test-config:/config:ro
    ports:
      - "80"
volumes:
  test-data-bind:
  test-data-auto:
  test-config:
  never-mounted:
`;

describe('composeSpec', () => {
  it('writes the spec of the bundled test stack', () => {
    expect(init({ pods: [testPod], hookResult: { config: { test_variable_1: 'test-value-1' } } })).toBe(`stack: test
deploy-to: compose
config:
  test_variable_1: test-value-1
network:
  ports:
    test:
      - '80'
volumes:
  test-data-bind: ./data/test-data-bind
  test-data-auto: ./data/test-data-auto
  test-config: ./data/test-config
`);
  });

  it('writes the keys that scripts search for on Kubernetes', () => {
    expect(
      init({ pods: [testPod], deployTo: 'k8s', kubeConfig: '/k', imageRegistry: 'reg.example/x' }),
    ).toBe(`stack: test
deploy-to: k8s
kube-config: /k
image-registry: reg.example/x
network:
  ports:
    test:
      - '80'
volumes:
  test-data-bind:
  test-data-auto:
configmaps:
  test-config: ./configmaps/test-config
secrets: {}
`);
  });

  it('writes `ports: {}` for a stack without ports, and no other empty section', () => {
    expect(init()).toBe('stack: test\ndeploy-to: compose\nnetwork:\n  ports: {}\n');
  });

  it("lets the operator's values override the config file, and both override the hook", () => {
    const text = init({
      hookResult: { config: { A: 'hook', B: 'hook', C: 'hook', N: 5 }, replicas: 2 },
      configFile: new Map([
        ['B', 'file'],
        ['A', 'file'],
        ['D', 'file'],
      ]),
      config: new Map([
        ['A', 'user'],
        ['E', '1'],
      ]),
    });
    expect(text).toContain('replicas: 2\n');
    expect(Object.entries(read(text).config as object)).toEqual([
      ['B', 'file'],
      ['A', 'user'],
      ['D', 'file'],
      ['E', '1'],
      ['C', 'hook'],
      ['N', 5],
    ]);
  });

  it('merges the result of the hook: its keys replace existing ones, and its volumes and network keys are kept', () => {
    const hookResult = {
      stack: 'other',
      network: { 'http-proxy': [{ 'host-name': 'a' }], ports: { gone: ['1'] } },
      volumes: { 'test-config': '/srv/config', extra: null },
    };
    const text = init({ pods: [testPod], hookResult });
    expect(Object.keys(read(text))).toEqual(['stack', 'deploy-to', 'network', 'volumes']);
    expect(read(text)).toEqual({
      stack: 'other',
      'deploy-to': 'compose',
      network: { 'http-proxy': [{ 'host-name': 'a' }], ports: { test: ['80'] } },
      volumes: {
        'test-data-bind': './data/test-data-bind',
        'test-data-auto': './data/test-data-auto',
        'test-config': '/srv/config',
        extra: null,
      },
    });
  });

  it.each<[string, unknown]>([
    ['a list', []],
    ['a string', 'x'],
    ['a config that is not a map', { config: 'x' }],
    ['a network that is a list', { network: [] }],
    ['volumes that are a list', { volumes: [] }],
  ])('rejects a hook that returned %s', (_name, hookResult) => {
    expect(() => init({ hookResult, config: new Map([['A', '1']]) })).toThrow(LaconicError);
  });

  it('treats null sections of a hook as empty', () => {
    expect(read(init({ hookResult: { config: null, network: null, volumes: null } }))).toMatchObject({
      config: {},
      network: { ports: {} },
      volumes: {},
    });
  });

  it('lists a volume once, writable when any mount is writable', () => {
    const pods = [
      'services:\n  a: {volumes: ["xx:/x:ro", "ww:/w", "xx:/y"]}\n  b: {volumes: ["ro-config:/c:ro", {type: volume, source: long, target: /l}]}\nvolumes: {xx: , ww: , ro-config: , long: }\n',
      'services:\n  c: {volumes: ["xx:/x:ro", "ww:/other:ro", "foreign:/f", "./bind:/b", "/anon"]}\nvolumes: {xx: , ww: }\n',
    ];
    expect(Object.keys(read(init({ pods })).volumes as object)).toEqual(['xx', 'ww', 'long', 'ro-config']);
    expect(read(init({ pods, deployTo: 'k8s-kind' }))).toMatchObject({
      volumes: { xx: null, ww: null, long: null },
      configmaps: { 'ro-config': './configmaps/ro-config' },
    });
  });

  it('includes the volumes and ports of jobs', () => {
    const text = init({
      pods: [testPod],
      jobs: [
        'services:\n  migrate: {ports: ["99"], volumes: ["dump:/d", "test-config:/c"]}\nvolumes: {dump: , test-config: }\n',
      ],
    });
    expect(read(text)).toMatchObject({ network: { ports: { migrate: ['99'] } }, volumes: { dump: './data/dump' } });
  });

  it('keeps the ports of a service that two pods define', () => {
    const pods = [
      'services: {a: {ports: ["80", "81"]}}',
      'services: {a: {ports: ["80", {target: 82, published: 8082}]}}',
    ];
    expect(read(init({ pods })).network).toEqual({ ports: { a: ['80', '81', '8082:82'] } });
  });

  it('quotes text so that it is read back as the same text', () => {
    const values = [
      '80',
      'true',
      'null',
      '~',
      '',
      'a: b',
      '- x',
      '#c',
      "it's",
      '"q"',
      'a\nb\n',
      ' s ',
      '0123',
      '1e3',
      '*a',
      '&b',
      '!t',
      '%d',
      '@e',
      '`f',
      'yes',
      '2020-01-01',
      '=',
      '<<',
      '\t',
      'é\u0085\u2028',
    ];
    const config = new Map(values.map((value, index) => [`V${index}`, value]));
    expect(Object.values(read(init({ config })).config as object)).toEqual(values);
  });
});

describe('--map-ports-to-host', () => {
  const pod =
    'services:\n  a:\n    ports: ["80", "90/udp", "91/tcp", "8080:81", "127.0.0.1:82:82", "[::1]::83", "3000-3002", "5000-5002:4000-4002/udp", "7000-7009:84", "${P:-1}:85", {target: 86, protocol: udp}]\n';
  const portsOf = (text: string): string[] => (read(text).network as { ports: { a: string[] } }).ports.a;

  it.each([undefined, 'any-variable-random'])('keeps the ports as they are with %s', (recipe) => {
    expect(portsOf(init({ pods: [pod], recipe }))).toEqual([
      '80',
      '90/udp',
      '91/tcp',
      '8080:81',
      '127.0.0.1:82:82',
      '[::1]::83',
      '3000-3002',
      '5000-5002:4000-4002/udp',
      '7000-7009:84',
      '${P:-1}:85',
      '86/udp',
    ]);
  });

  it.each([
    ['localhost-same', '127.0.0.1'],
    ['any-same', '0.0.0.0'],
  ])('maps ports with %s', (recipe, ip) => {
    expect(portsOf(init({ pods: [pod], recipe }))).toEqual(
      [
        '80:80',
        '90:90/udp',
        '91:91',
        '8080:81',
        '82:82',
        '83:83',
        '3000-3002:3000-3002',
        '5000-5002:4000-4002/udp',
        '7000-7009:84',
        '${P:-1}:85',
        '86:86/udp',
      ].map((port) => `${ip}:${port}`),
    );
  });

  it.each([
    ['localhost-fixed-random', '127.0.0.1'],
    ['any-fixed-random', '0.0.0.0'],
  ])('keeps the length of ranges and uses no host port twice with %s', (recipe, ip) => {
    // The worst source of randomness: it always returns the same number.
    const ports = portsOf(init({ pods: [pod], recipe, random: (_first, last) => last }));
    const hosts = ports.map(
      (port) => new RegExp(`^${ip.replaceAll('.', '\\.')}:(\\d+)(?:-(\\d+))?:`).exec(port)?.slice(1) ?? [],
    );
    expect(ports.map((port) => port.replace(/^.*:/, ''))).toEqual([
      '80',
      '90/udp',
      '91',
      '81',
      '82',
      '83',
      '3000-3002',
      '4000-4002/udp',
      '84',
      '85',
      '86/udp',
    ]);
    const taken = hosts.flatMap(([first, last]) => {
      const from = Number(first);
      return Array.from({ length: Number(last ?? first) - from + 1 }, (_, index) => from + index);
    });
    expect(taken).toHaveLength(11 + 2 + 2);
    expect(new Set(taken).size).toBe(taken.length);
    expect(taken.every((port) => port >= 20000 && port <= 50000)).toBe(true);
  });

  it('fails when no ports are left', () => {
    const many = 'services: {a: {ports: ["1-20000", "20001-40000"]}}';
    expect(() => init({ pods: [many], recipe: 'any-fixed-random' })).toThrow(
      'no 20000 neighbouring host ports are left',
    );
  });

  it('rejects an unknown recipe, with or without ports', () => {
    expect(() => init({ recipe: 'any-sme' })).toThrow(
      `--map-ports-to-host must specify one of: ['any-variable-random', 'localhost-same', 'any-same', 'localhost-fixed-random', 'any-fixed-random'], not "any-sme", did you mean "any-same"?`,
    );
  });

  it('gives Kubernetes only entries that it can use', () => {
    const k8s = { pods: [pod], deployTo: 'k8s-kind' as const };
    expect(portsOf(init(k8s)).filter((port) => port.includes(':'))).toEqual([]);
    expect(
      portsOf(
        init({
          ...k8s,
          pods: ['services: {a: {ports: ["30080:80", "127.0.0.1:30081:81", "8080:82", "30090-30091:90-91/udp"]}}'],
        }),
      ),
    ).toEqual(['30080:80', '30081:81', '82', '30090:90/udp', '30091:91/udp']);
    const fixed = portsOf(init({ ...k8s, recipe: 'any-fixed-random' }));
    expect(fixed).toHaveLength(15);
    expect(new Set(fixed.map((port) => port.split(':')[0])).size).toBe(15);
    for (const port of fixed) expect(Number(port.split(':')[0])).toBeGreaterThanOrEqual(30000);
    expect(() => init({ ...k8s, recipe: 'localhost-same' })).toThrow(
      'localhost-same is not possible with --deploy-to k8s-kind',
    );
  });
});

describe('parseConfigOption', () => {
  it.each<[string[], Record<string, string>]>([
    [[], {}],
    [['A=1'], { A: '1' }],
    [['A=1,B=2'], { A: '1', B: '2' }],
    [['A=x=y,B='], { A: 'x=y', B: '' }],
    [['A=1,2,B=3,4'], { A: '1,2', B: '3,4' }],
    [['A=1,B=2', 'C=3'], { A: '1,B=2', C: '3' }],
    [['A=a\nb'], { A: 'a\nb' }],
    [['A=1', 'A=2'], { A: '2' }],
    [['A='], { A: '' }],
  ])('%j', (values, expected) => {
    expect(Object.fromEntries(parseConfigOption(values))).toEqual(expected);
  });

  it.each([[['']], [['A']], [['=1']], [['A=1', 'B']], [['A B=1']]])('rejects %j', (values) => {
    expect(() => parseConfigOption(values)).toThrow('config argument is not valid: ');
  });
});

describe('parseConfigFile', () => {
  it('reads an env file', () => {
    expect(
      Object.fromEntries(
        parseConfigFile("# c\nexport A='x y'\nB=${A}!\nC=1 # c\nD\n", 'c.env', (name) =>
          name === 'D' ? 'd' : undefined,
        ),
      ),
    ).toEqual({ A: 'x y', B: 'x y!', C: '1', D: 'd' });
  });

  it('expands ${NAME} and ${NAME:-default} wherever they occur, and no other $', () => {
    const text = [
      'PW="a$b"',
      "SINGLE='x-${HOST}'",
      'HOST=own',
      'URL=http://${HOST}:${PORT:-80}/${HOME}',
      'BARE=$HOST $$ ${',
      'ESCAPED="\\$1"',
    ].join('\n');
    const environment: Record<string, string> = { HOST: 'of-environment', HOME: '/h', b: 'wrong' };
    expect(Object.fromEntries(parseConfigFile(text, 'c.env', (name) => environment[name]))).toEqual({
      PW: 'a$b',
      SINGLE: 'x-of-environment',
      HOST: 'own',
      URL: 'http://own:80//h',
      BARE: '$HOST $$ ${',
      ESCAPED: '\\$1',
    });
  });

  it('rejects a ${NAME} that is not set, by name', () => {
    expect(() => parseConfigFile('A=1\nB=${A}${NO_SUCH}\n', 'c.env')).toThrow(/c\.env:2 B: \$\{NO_SUCH\} is not set/);
  });

  it('lists every name without a value', () => {
    expect(() => parseConfigFile('A\nB=1\nC\n', 'c.env')).toThrow(InvalidFileError);
    expect(() => parseConfigFile('A\nB=1\nC\n', 'c.env')).toThrow(
      /c\.env:1 A: has no value.*\nc\.env:3 C: has no value/,
    );
  });
});

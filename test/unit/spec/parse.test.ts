import { describe, expect, it } from 'vitest';
import { parseSpec } from '../../../src/spec/parse.js';
import { formatProblem } from '../../../src/system/errors.js';
import { problemsOf } from '../../support/problems.js';

const head = 'stack: test\ndeploy-to: compose\n';
const parse = (text: string) => parseSpec(text, 'spec.yml');
const specOf = (text: string) => parse(head + text).spec;
const refused = (text: string): string[] => problemsOf(() => parse(text));
const refusedBelowHead = (text: string): string[] => refused(head + text);

describe('spec.yml', () => {
  it('has every key in the parsed form', () => {
    const { spec, unknown } = parse(`
stack: test
deploy-to: k8s
kube-config: ~/.kube/config
image-registry: registry.example.org/me
config:
  GOSSIP_HOST: 10.0.0.1
  ADMIN_TOKEN: $generate:hex:16$
credentials-files: [~/.credentials/app.env]
network:
  ports:
    test: ['80', 8001, '8001/udp']
    off: []
    none:
  http-proxy:
    - host-name: app.example.com
      routes:
        - {path: /, proxy-to: test:80}
    - {host-name: own.example.com, tls-secret: own-cert, issuer: staging, routes: []}
    - {host-name: plain.example.com, tls: false, routes: []}
  ingress-class: nginx
  acme-email: ops@example.com
volumes:
  bind: ./data/bind
  auto:
  empty: ''
configmaps: {conf: ./configmaps/conf, own: }
secrets:
  my-secret: [SOME_KEY]
resources:
  containers:
    reservations: {cpus: "0.5", memory: 512M}
    test: {limits: {cpus: 2, memory: 2000000000}}
  volumes:
    reservations: {storage: 5Gi}
    bind: {reservations: {storage: 1.5GiB}}
security: {privileged: "True", capabilities: [NET_ADMIN], unlimited-memlock: false, runtime-class: fast}
annotations: {"example.com/{name}": 1.50}
labels: {"app.{name}": on}
replicas: 2
node-affinities: [{label: nodetype, value: 0123}]
node-tolerations: [{key: nodeavoid, value: True}]
image-pull-secret: {server: ghcr.io, username: me, token-env: GHCR_TOKEN}
image-pull-policy: Never
image-overrides: {test: ghcr.io/me/test:v2}
namespace: my-ns
kind-cluster-name: laconic-abc
kind-node-image: kindest/node:v1
kind-listen-address: 127.0.0.1
kind-http-port: 8080
kind-https-port: 8443
kind-mount-root: /srv/kind
caddy-ingress-image: caddy:1
maintenance-service: page:8000
external-services:
  a: {host: example.org}
  b: {ip: [10.1.1.1, 'fd00::1'], port: 8899}
  c: {selector: {app: x}, namespace: other, port: 80}
ca-certificates: [~/ca.pem]
`);
    const { yaml, ...keys } = spec;
    expect(yaml.file).toBe('spec.yml');
    expect(unknown).toEqual([]);
    expect(keys).toEqual({
      stack: 'test',
      deployTo: 'k8s',
      kubeConfig: '~/.kube/config',
      imageRegistry: 'registry.example.org/me',
      config: new Map([
        ['GOSSIP_HOST', '10.0.0.1'],
        ['ADMIN_TOKEN', '$generate:hex:16$'],
      ]),
      credentialsFiles: ['~/.credentials/app.env'],
      ports: new Map([
        ['test', ['80', '8001', '8001/udp']],
        ['off', []],
        ['none', []],
      ]),
      httpProxy: [
        { hostName: 'app.example.com', routes: [{ path: '/', service: 'test', port: 80 }] },
        { hostName: 'own.example.com', routes: [], tlsSecret: 'own-cert', issuer: 'staging' },
        { hostName: 'plain.example.com', routes: [], withoutTls: true },
      ],
      ingressClass: 'nginx',
      acmeEmail: 'ops@example.com',
      volumes: new Map([
        ['bind', './data/bind'],
        ['auto', undefined],
        ['empty', undefined],
      ]),
      configmaps: new Map([
        ['conf', './configmaps/conf'],
        ['own', undefined],
      ]),
      secrets: ['my-secret'],
      resources: {
        containers: {
          all: { reservations: { cpus: '0.5', memory: '512M' } },
          named: new Map([['test', { limits: { cpus: '2', memory: '2000000000' } }]]),
        },
        volumes: {
          all: { reservations: { storage: '5Gi' } },
          named: new Map([['bind', { reservations: { storage: '1.5GiB' } }]]),
        },
      },
      security: { privileged: true, capabilities: ['NET_ADMIN'], unlimitedMemlock: false, runtimeClass: 'fast' },
      annotations: new Map([['example.com/{name}', '1.50']]),
      labels: new Map([['app.{name}', 'on']]),
      replicas: 2,
      nodeAffinities: [{ label: 'nodetype', value: '0123' }],
      nodeTolerations: [{ key: 'nodeavoid', operator: 'Equal', value: 'True', effect: 'NoSchedule' }],
      imagePullSecret: { server: 'ghcr.io', username: 'me', tokenEnv: 'GHCR_TOKEN' },
      imagePullPolicy: 'Never',
      imageOverrides: new Map([['test', 'ghcr.io/me/test:v2']]),
      namespace: 'my-ns',
      kindClusterName: 'laconic-abc',
      kindNodeImage: 'kindest/node:v1',
      kindListenAddress: '127.0.0.1',
      kindHttpPort: 8080,
      kindHttpsPort: 8443,
      kindMountRoot: '/srv/kind',
      caddyIngressImage: 'caddy:1',
      maintenanceService: { service: 'page', port: 8000 },
      externalServices: new Map<string, unknown>([
        ['a', { kind: 'host', host: 'example.org', port: 443 }],
        ['b', { kind: 'ip', addresses: ['10.1.1.1', 'fd00::1'], port: 8899 }],
        ['c', { kind: 'selector', selector: new Map([['app', 'x']]), namespace: 'other', port: 80 }],
      ]),
      caCertificates: ['~/ca.pem'],
    });
  });

  it('may have null sections, which are empty', () => {
    const bare = specOf('');
    const keys =
      'config credentials-files volumes configmaps network secrets resources security annotations labels replicas node-affinities node-tolerations kube-config image-registry image-pull-secret image-pull-policy image-overrides namespace kind-cluster-name kind-node-image kind-listen-address kind-http-port kind-https-port kind-mount-root caddy-ingress-image maintenance-service external-services ca-certificates';
    const nulls = specOf(keys.split(' ').join(':\n').concat(':\n'));
    expect({ ...nulls, yaml: bare.yaml }).toEqual(bare);
    const nested = specOf(`
network: {ports: , http-proxy: , acme-email: }
resources: {containers: {limits: , reservations: {cpus: , memory: }}, volumes: }
security: {privileged: , capabilities: , unlimited-memlock: , runtime-class: }
`);
    expect({ ...nested, yaml: bare.yaml, resources: bare.resources }).toEqual(bare);
    expect(nested.resources.containers.named.size).toBe(0);
  });

  it('may list secret names', () => {
    expect(specOf('secrets: [a, b]').secrets).toEqual(['a', 'b']);
    expect(specOf('secrets: {}').secrets).toEqual([]);
  });
});

describe('node-tolerations', () => {
  const tolerations = (...lines: string[]): string =>
    `node-tolerations:\n${lines.map((line) => `  - ${line}\n`).join('')}`;

  it('accept what Kubernetes accepts, and key and value alone mean NoSchedule as before', () => {
    const text = tolerations(
      '{key: dedicated, value: db}',
      '{key: dedicated, operator: Exists}',
      '{key: dedicated, value: 1.50, operator: Equal}',
      '{key: disk, value: ssd, effect: PreferNoSchedule}',
      '{key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 30}',
      '{operator: Exists}',
      "{key: empty, value: ''}",
    );
    expect(specOf(text).nodeTolerations).toEqual([
      { key: 'dedicated', operator: 'Equal', value: 'db', effect: 'NoSchedule' },
      { key: 'dedicated', operator: 'Exists' },
      { key: 'dedicated', operator: 'Equal', value: '1.50' },
      { key: 'disk', operator: 'Equal', value: 'ssd', effect: 'PreferNoSchedule' },
      { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 30 },
      { operator: 'Exists' },
      { key: 'empty', operator: 'Equal', value: '', effect: 'NoSchedule' },
    ]);
  });

  it('reject what Kubernetes would reject, with the line', () => {
    const text = tolerations(
      '{key: a}',
      '{value: b}',
      '{key: a, operator: Exists, value: b}',
      '{key: a, operator: In, value: b}',
      '{key: a, value: b, effect: Never}',
      '{key: a, value: b, tolerationSeconds: 60}',
      '{key: a, operator: Exists, effect: NoExecute, tolerationSeconds: soon}',
      'dedicated',
    );
    expect(refusedBelowHead(text)).toEqual([
      'spec.yml:4 node-tolerations[0]: has no value: write value, or operator: Exists for any value',
      'spec.yml:5 node-tolerations[1]: has no key: write key, or operator: Exists without a value for every taint',
      'spec.yml:6 node-tolerations[2].value: operator Exists means any value: remove value, or write operator: Equal',
      'spec.yml:7 node-tolerations[3].operator: must be Equal or Exists, found "In"',
      'spec.yml:8 node-tolerations[4].effect: must be NoSchedule, PreferNoSchedule or NoExecute, found "Never"',
      'spec.yml:9 node-tolerations[5].tolerationSeconds: is only for effect: NoExecute, which makes running pods leave',
      'spec.yml:10 node-tolerations[6].tolerationSeconds: must be a whole number of seconds, found "soon"',
      'spec.yml:11 node-tolerations[7]: must be a toleration such as {key: dedicated, operator: Exists}, found "dedicated"',
    ]);
  });
});

describe('config values as text', () => {
  it('are kept as they are written', () => {
    const { config } = specOf(`
common: &common {SHARED: 0x1F}
config:
  <<: *common
  ZERO: 0123
  PRICE: 1.50
  YES: True
  EXP: 1e3
  DAY: 2020-01-01
  BIG: 123456789012345678901234567890
  NEG: -1.50
  WORD: yes
  EMPTY: ''
  QUOTED: " a # b "
  LINES: |
    one
    two
  DOLLAR: $HOME \${A} 'x'
  a.b-c: 1
  1X: 2
`);
    expect(Object.fromEntries(config)).toEqual({
      SHARED: '0x1F',
      ZERO: '0123',
      PRICE: '1.50',
      YES: 'True',
      EXP: '1e3',
      DAY: '2020-01-01',
      BIG: '123456789012345678901234567890',
      NEG: '-1.50',
      WORD: 'yes',
      EMPTY: '',
      QUOTED: ' a # b ',
      LINES: 'one\ntwo\n',
      DOLLAR: "$HOME ${A} 'x'",
      'a.b-c': '1',
      '1X': '2',
    });
  });

  it('reject null, maps, lists and impossible names, each by name', () => {
    expect(
      refusedBelowHead('config:\n  A:\n  B: ~\n  C: [1]\n  D: {x: 1}\n  "E F": 1\n  -g: 1\n  "": 1\n  H: "\\0"\n'),
    ).toEqual([
      "spec.yml:4 config.A: has no value: write '' for an empty one, or remove the name",
      "spec.yml:5 config.B: has no value: write '' for an empty one, or remove the name",
      'spec.yml:6 config.C: must be text, a number, true or false, found a list',
      'spec.yml:7 config.D: must be text, a number, true or false, found a map',
      'spec.yml:8 config.E F: "E F" is not the name of a variable: letters, digits and "_" are allowed',
      'spec.yml:9 config.-g: "-g" is not the name of a variable: letters, digits and "_" are allowed',
      'spec.yml:10 config[""]: "" is not the name of a variable: letters, digits and "_" are allowed',
      'spec.yml:11 config.H: holds a NUL character, which no variable can',
    ]);
  });
});

describe('the parser of a spec', () => {
  it('reports all problems at once, with line, key and what is allowed', () => {
    expect(
      refused(`
stack: 7
deploy_to: compose
config: [a]
credentials-files: {a: b}
volumes:
  data: [x]
  ../up: ./x
configmaps: {'..': ./x}
netwrk: {}
network:
  ports: {web: ['8080:eighty', {target: 80}], db: '5432'}
  http-proxy: [{host-name: h, routes: [{path: /, proxy-to: web}]}, {routes: []}]
security: {privileged: maybe}
resources: {containers: {web: {limits: {cpus: many, memory: 5Xi}}}}
replicas: 1.5
namespace: My_NS
`),
    ).toEqual([
      'spec.yml deploy-to: is missing: it must be one of compose, k8s-kind, k8s',
      'spec.yml:2 stack: must be the name or path of a stack, found 7',
      'spec.yml:3 deploy_to: is not a key that anything reads, did you mean "deploy-to"?',
      'spec.yml:4 config: must be a map of names to values, found a list',
      'spec.yml:5 credentials-files: must be a list of paths, found a map',
      'spec.yml:7 volumes.data: must be a path, or nothing, found a list',
      'spec.yml:8 volumes["../up"]: "../up" is not a volume name: letters, digits, ".", "_" and "-" are allowed',
      'spec.yml:9 configmaps[".."]: ".." is not a name: letters, digits, ".", "_" and "-" are allowed, starting with a letter or digit',
      'spec.yml:10 netwrk: is not a key that anything reads, did you mean "network"?',
      expect.stringMatching(/^spec.yml:12 network.ports.web\[0\]: "eighty" in "8080:eighty" is not a port/),
      'spec.yml:12 network.ports.web[1]: must be a port such as "8080:80", found a map',
      'spec.yml:12 network.ports.db: must be a list of ports, found "5432"',
      'spec.yml:13 network.http-proxy[0].routes[0].proxy-to: must be service:port, such as web:80, found "web"',
      'spec.yml:13 network.http-proxy[1].host-name: is missing: it must be a host name',
      'spec.yml:14 security.privileged: must be true or false, found "maybe"',
      'spec.yml:15 resources.containers.web.limits.cpus: must be a number of CPUs such as 0.5 or 500m, found "many"',
      'spec.yml:15 resources.containers.web.limits.memory: must be a size such as 512M, 512Mi or 2Gi, found "5Xi"',
      'spec.yml:16 replicas: must be a whole number, found 1.5',
      'spec.yml:17 namespace: must be a namespace of at most 63 lower-case letters, digits and "-", found "My_NS"',
    ]);
  });

  it('rejects a certificate for a host that must have none', () => {
    const hosts = ['tls: false, issuer: a', "tls: 'False', tls-secret: b", 'tls: true, issuer: c', 'tls: maybe'];
    const text = hosts.map((keys) => `    - {host-name: h, routes: [], ${keys}}\n`).join('');
    expect(refusedBelowHead(`network:\n  http-proxy:\n${text}`)).toEqual([
      'spec.yml:5 network.http-proxy[0].tls: is false, so issuer has no effect: remove one of them',
      'spec.yml:6 network.http-proxy[1].tls: is false, so tls-secret has no effect: remove one of them',
      'spec.yml:8 network.http-proxy[3].tls: must be true or false, found "maybe"',
    ]);
  });

  it('rejects an address or a port on which a kind cluster cannot listen', () => {
    expect(refusedBelowHead('kind-listen-address: localhost\nkind-http-port: 0\nkind-https-port: "443"\n')).toEqual([
      'spec.yml:3 kind-listen-address: must be an IP address of this host such as 127.0.0.1, found "localhost"',
      'spec.yml:4 kind-http-port: must be a port number, found 0',
      'spec.yml:5 kind-https-port: must be a port number, found "443"',
    ]);
    expect(refusedBelowHead('kind-http-port: 443\n')).toEqual([
      'spec.yml:3 kind-http-port: is the port for HTTPS too (443): they must differ',
    ]);
  });

  it('never shows what may be a secret', () => {
    expect(refusedBelowHead('config: TOKEN=hunter2\n')).toEqual([
      'spec.yml:3 config: must be a map of names to values, found text',
    ]);
  });

  it.each([
    ['an empty file', '', 'spec.yml: is empty: at least stack and deploy-to are needed'],
    ['a list', '- stack: x\n', 'spec.yml: must be a map of keys such as stack and deploy-to, found a list'],
    ['text', 'stack', 'spec.yml: must be a map of keys such as stack and deploy-to, found "stack"'],
  ])('rejects %s', (_what, text, message) => {
    expect(refused(text)).toEqual([message]);
  });

  it('rejects an unknown target', () => {
    expect(refused('stack: x\ndeploy-to: composed\n')).toEqual([
      'spec.yml:2 deploy-to: must be one of compose, k8s-kind, k8s, found "composed", did you mean "compose"?',
    ]);
    expect(refused('stack: x\ndeploy-to:\n')).toEqual([
      'spec.yml:2 deploy-to: must be one of compose, k8s-kind, k8s, found nothing',
    ]);
  });

  it('requires a kubeconfig for k8s, and every key of a section that needs several', () => {
    expect(refused('stack: x\ndeploy-to: k8s\n')).toEqual([
      'spec.yml kube-config: is missing: deploy-to k8s needs the path of a kubeconfig',
    ]);
    expect(
      refusedBelowHead('image-pull-secret: {server: a, username: b}\nexternal-services:\n  rpc: {namespace: x}\n'),
    ).toEqual([
      'spec.yml:3 image-pull-secret: needs token-env or token-file beside server and username',
      'spec.yml:5 external-services.rpc: needs host, ip, or selector and namespace',
    ]);
  });
});

describe('unknown keys of a spec', () => {
  it('are returned to the caller, with suggestions for misspelt ones, while x- keys are allowed everywhere', () => {
    const { unknown } = parse(`${head}
volumess: {}
colour: red
x-mine: 1
network: {x-a: 1, acme-mail: me@example.org}
resources: {containers: {web: {limit: {}}}}
registry-credentials: {}
image-pull-secret: {server: a, username: b, token_env: C, token-file: ~/t}
`);
    expect(unknown.map(({ problem, nearMiss }) => [formatProblem(problem), nearMiss])).toEqual([
      ['spec.yml:4 volumess: is not a key that anything reads, did you mean "volumes"?', 'volumes'],
      [expect.stringMatching(/^spec.yml:5 colour: is not a key that anything reads; known here: stack, /), undefined],
      ['spec.yml:7 network.acme-mail: is not a key that anything reads, did you mean "acme-email"?', 'acme-email'],
      ['spec.yml:8 resources.containers.web.limit: is not a key that anything reads, did you mean "limits"?', 'limits'],
      [
        expect.stringContaining(
          'registry-credentials: is not read, although documents name it: write image-pull-secret',
        ),
        undefined,
      ],
      [expect.stringContaining('did you mean "token-env"?'), 'token-env'],
    ]);
  });

  it('are also suggestions when a valid key is in the wrong place, where it has no effect', () => {
    const { unknown } = parse(`${head}http-proxy: []\nprivileged: true\nnetwork: {privileged: true}\n`);
    expect(unknown.map(({ problem, nearMiss }) => [formatProblem(problem).replace(/; known.*/, ''), nearMiss])).toEqual(
      [
        ['spec.yml:3 http-proxy: belongs below network: write network.http-proxy', 'network.http-proxy'],
        ['spec.yml:4 privileged: belongs below security: write security.privileged', 'security.privileged'],
        ['spec.yml:5 network.privileged: is not a key that anything reads', undefined],
      ],
    );
  });

  it('include cluster-issuer wherever it occurs', () => {
    const { unknown } = parse(`${head}network:\n  http-proxy:\n    - {host-name: h, cluster-issuer: le, routes: []}\n`);
    expect(unknown.map(({ problem }) => formatProblem(problem))).toEqual([
      'spec.yml:5 network.http-proxy[0].cluster-issuer: is not read, although documents name it: write issuer in an entry of network.http-proxy',
    ]);
  });
});

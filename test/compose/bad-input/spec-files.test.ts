import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { accepts, type BadInput, create, type Files, refuses, stackPath } from './support.js';

/** A spec for the valid stack, with these lines after its first two. */
const spec = (...lines: string[]): Files => ({
  'spec.yml': [`stack: ${stackPath}`, 'deploy-to: compose', ...lines, ''].join('\n'),
});
const whole = (text: string): Files => ({ 'spec.yml': text });

const refusesAtCreate = (rows: readonly Omit<BadInput, 'args'>[]): void =>
  refuses(rows.map((row) => ({ ...row, args: create })));

describe('spec.yml as a whole', () => {
  refusesAtCreate([
    { what: 'an empty spec', files: whole(''), says: ['spec.yml: is empty: at least stack and deploy-to'] },
    {
      what: 'a spec that is a list',
      files: whole('- stack: x\n'),
      says: ['spec.yml', 'must be a map', 'found a list'],
    },
    { what: 'a spec without stack', files: whole('deploy-to: compose\n'), says: ['spec.yml stack: is missing'] },
    {
      what: 'a spec without deploy-to',
      files: whole(`stack: ${stackPath}\n`),
      says: ['deploy-to: is missing', 'one of compose'],
    },
    {
      what: 'an unknown deploy-to',
      files: whole(`stack: ${stackPath}\ndeploy-to: compos\n`),
      says: ['spec.yml:2 deploy-to: must be one of compose, k8s-kind, k8s', 'did you mean "compose"'],
    },
    {
      what: 'a stack that is a number',
      files: whole('stack: 1\ndeploy-to: compose\n'),
      says: ['spec.yml:1 stack', 'found 1'],
    },
    { what: 'a stack that is empty', files: whole('stack: ""\ndeploy-to: compose\n'), says: ['spec.yml:1 stack'] },
    {
      what: 'a stack that is null',
      files: whole('stack:\ndeploy-to: compose\n'),
      says: ['spec.yml:1 stack', 'found nothing'],
    },
    {
      what: 'a duplicate key',
      files: spec('config: {A: 1}', 'config: {B: 1}'),
      says: ['spec.yml:4', 'the key "config" is here a second time, first on line 3'],
    },
    {
      what: 'an alias without an anchor',
      files: spec('config: *nope'),
      says: ['spec.yml:3', 'this is an alias (*name)'],
    },
    {
      what: 'an anchor that contains itself',
      files: spec('config: &a', '  A: *a'),
      says: ['spec.yml:4', '*a contains itself'],
    },
    {
      what: 'a misspelt key',
      files: spec('netwrk: {}'),
      says: ['spec.yml:3 netwrk', 'did you mean "network"?'],
    },
    {
      what: 'all problems at once',
      files: spec('config: [A]', 'volumes: {data: 3}', 'replicas: many', 'network: {ports: {web: [x]}}'),
      says: ['spec.yml:3 config', 'spec.yml:4 volumes.data', 'spec.yml:5 replicas', 'spec.yml:6 network.ports.web[0]'],
    },
  ]);

  accepts([
    {
      what: 'null sections',
      files: spec(
        ...['config', 'credentials-files', 'volumes', 'configmaps', 'network', 'secrets', 'resources'].map(
          (key) => `${key}:`,
        ),
        ...['security', 'annotations', 'labels', 'image-overrides', 'external-services'].map((key) => `${key}:`),
      ),
      args: create,
    },
    { what: 'null network.ports', files: spec('network:', '  ports:', '  http-proxy:'), args: create },
    {
      what: 'outdated keys of the documentation, naming the right ones',
      files: spec('registry-credentials: {}', 'x-mine: 1'),
      args: create,
      says: ['WARNING: ', 'registry-credentials', 'image-pull-secret'],
    },
    {
      what: 'ports of an unknown service and paths of an unknown volume, with warnings',
      files: spec('volumes: {data: ./data/data, elsewhere: ./e}', 'network: {ports: {nobody: ["80"]}}'),
      args: create,
      says: [/WARNING: spec.yml:3 volumes.elsewhere: .*/, /WARNING: spec.yml:4 network.ports.nobody: .*/],
    },
    {
      what: 'a volume of the stack that the spec does not list, with a warning',
      files: spec('volumes: {}'),
      args: create,
      says: [/WARNING: .*data/],
    },
    {
      what: 'CRLF line endings and a byte order mark',
      files: whole(
        `\ufeffstack: ${stackPath}\r\ndeploy-to: compose\r\nconfig:\r\n  GREETING: hi\r\nvolumes:\r\n  data:\r\n`,
      ),
      args: create,
      then: async (root) => expect(await readFile(join(root, 'made/config.env'), 'utf8')).toMatch(/^GREETING=hi$/m),
    },
  ]);
});

describe('config: of the spec', () => {
  refusesAtCreate([
    {
      what: 'names that an env file cannot hold, and values that are not text',
      files: spec(
        'config:',
        '  "A B": 1',
        '  "A=B": 1',
        '  "A\\nB": 1',
        `  "A'": 1`,
        '  -A: 1',
        '  "": 1',
        '  NULL_VALUE:',
        '  LIST: [1, 2]',
        '  MAP: {b: c}',
        '  NUL: "a\\0b"',
      ),
      says: [
        'spec.yml:4 config.A B: "A B" is not the name of a variable',
        'spec.yml:5 config["A=B"]: "A=B" is not the name',
        'spec.yml:6 config["A\\nB"]: "A\\nB" is not the name',
        `spec.yml:7 config["A'"]: "A'" is not the name`,
        'spec.yml:8 config.-A: "-A" is not the name',
        'spec.yml:9 config[""]: "" is not the name',
        "spec.yml:10 config.NULL_VALUE: has no value: write ''",
        'spec.yml:11 config.LIST: must be text, a number, true or false, found a list',
        'spec.yml:12 config.MAP: must be text, a number, true or false, found a map',
        'spec.yml:13 config.NUL: holds a NUL character',
      ],
    },
    {
      what: 'a config that is a string, without showing it',
      files: spec('config: hunter2'),
      says: ['spec.yml:3 config: must be a map', 'found text'],
    },
    ...[
      'PASSWORD: !hunter2',
      'PASSWORD: *hunter2',
      'PASSWORD: |hunter2',
      'PASSWORD: "a" hunter2',
      'PASSWORD: @hunter2',
      'PASSWORD: "\\xhunter2"',
      'A: 1\n hunter2',
      'PASSWORD: [hunter2',
      'PASSWORD: !<hunter2',
      'PASSWORD: {hunter2: 1}',
    ].map((line) => ({
      what: `a password that needs quotes, without showing it: ${JSON.stringify(line)}`,
      files: spec('config:', `  ${line}`),
      says: [/^Error: spec.yml:\d/, /^(?![^]*hunter2)/],
    })),
    {
      what: 'half a surrogate pair in a value',
      files: spec('config:', '  A: "\\ud800"'),
      says: ['config.A', 'half of a character'],
    },
    {
      what: 'an unknown $generate type',
      files: spec('config:', '  A: $generate:uuid:8$'),
      says: ['spec.yml:4 config.A', '"uuid" is not hex or base64'],
    },
    {
      what: 'a $generate without length',
      files: spec('config:', '  A: $generate:hex:$'),
      says: ['config.A', 'is not complete: write $generate:hex:32$'],
    },
    {
      what: 'a $generate of zero bytes',
      files: spec('config:', '  A: $generate:hex:0$'),
      says: ['config.A', '1 to 4096'],
    },
    {
      what: 'a $generate of too many bytes',
      files: spec('config:', '  A: $generate:hex:99999999999999$'),
      says: ['config.A', '1 to 4096'],
    },
    {
      what: 'a missing credentials file',
      files: spec('credentials-files: [gone.env]'),
      says: ['credentials file does not exist: gone.env'],
    },
    {
      what: 'credentials-files that is a string',
      files: spec('credentials-files: a.env'),
      says: ['spec.yml:3 credentials-files: must be a list of paths'],
    },
    {
      what: 'a credentials file with an empty path',
      files: spec('credentials-files: [""]'),
      says: ['spec.yml:3 credentials-files[0]'],
    },
    {
      what: 'a credentials file that Compose cannot read, without showing its line',
      files: { ...spec('credentials-files: [c.env]'), 'c.env': 'FINE=1\nPASSWORD="hunter2\n' },
      says: ['c.env:2 PASSWORD', 'never ends'],
    },
  ]);
});

describe('volumes and ports of the spec', () => {
  refusesAtCreate([
    {
      what: 'a volume path that is a number',
      files: spec('volumes: {data: 3}'),
      says: ['spec.yml:3 volumes.data: must be a path, or nothing, found 3'],
    },
    {
      what: 'a volume path that is a map',
      files: spec('volumes: {data: {path: x}}'),
      says: ['volumes.data: must be a path', 'found a map'],
    },
    {
      what: 'volumes that are a list',
      files: spec('volumes: [data]'),
      says: ['volumes: must be a map of volumes to paths'],
    },
    { what: 'a volume called ..', files: spec('volumes: {"..": ./x}'), says: ['".." is not a volume name'] },
    { what: 'a volume with a slash', files: spec('volumes: {"a/b": ./x}'), says: ['"a/b" is not a volume name'] },
    {
      what: 'a misspelt volume',
      files: spec('volumes: {dtaa: ./data/data}'),
      says: ['spec.yml:3 volumes.dtaa', 'did you mean "data"?'],
    },
    {
      what: 'a volume that is the deployment directory itself',
      files: spec('volumes: {data: .}'),
      says: ['spec.yml:3 volumes.data'],
    },
    {
      what: 'a volume in place of generated files',
      files: spec('volumes: {data: ./compose}'),
      says: ['spec.yml:3 volumes.data', 'compose'],
    },
    {
      what: 'a volume in .laconic',
      files: spec('volumes: {data: ./.laconic/x}'),
      says: ['spec.yml:3 volumes.data', '.laconic'],
    },
    {
      what: 'a volume below a generated file',
      files: spec('volumes: {data: ./spec.yml/x}'),
      says: ['spec.yml:3 volumes.data', 'spec.yml'],
    },
    {
      what: 'every invalid port',
      files: spec(
        'network:',
        '  ports:',
        '    web: [http, "0", 65536, -1, "1:2:3:4", "localhost:80:80", 80/http, "80-81:80-82", 82-80]',
        '    api: "80"',
      ),
      says: [
        'spec.yml:5 network.ports.web[0]: "http" in "http" is not a port',
        'web[1]: "0" in "0" is not a port: 1 to 65535',
        'web[2]: "65536" in "65536" is not a port: 1 to 65535',
        'web[3]: "-1" in "-1" is not a port',
        'web[4]: "1:2:3:4" is not a port: write [ip:][host:]container[/protocol]',
        'web[5]: "localhost" in "localhost:80:80" is not an IP address',
        'web[6]: "http" in "80/http" is not a protocol: tcp, udp and sctp',
        'web[7]: "80-81:80-82" maps 2 host ports to 3 container ports',
        'web[8]: "82-80" in "82-80" is not a port: 1 to 65535, ranges upwards',
        'spec.yml:6 network.ports.api: must be a list of ports, found "80"',
      ],
    },
    {
      what: 'ports of a misspelt service',
      files: spec('network: {ports: {wbe: ["80"]}}'),
      says: ['spec.yml:3 network.ports.wbe', 'did you mean "web"?'],
    },
    {
      what: 'a network that is a list',
      files: spec('network: []'),
      says: ['network: must be a map with ports, http-proxy'],
    },
  ]);

  accepts([
    {
      what: 'every spelling of a relative volume path',
      files: spec('volumes: {data: x/y}'),
      args: create,
      then: async (root) =>
        expect(await readFile(join(root, 'made/compose/docker-compose-app.yml'), 'utf8')).toContain('device: ../x/y'),
    },
    {
      what: 'an absolute volume path that does not exist, with a warning',
      files: spec('volumes: {data: /nowhere/at/all}'),
      args: create,
      says: ['WARNING: ', 'mount path for volume data does not exist: /nowhere/at/all'],
    },
    {
      what: 'a volume path that is a file, with a warning that containers expect a folder',
      files: spec('volumes: {data: /etc/passwd}'),
      args: create,
      says: ['WARNING: ', 'mount path for volume data is a file, not a directory: /etc/passwd'],
    },
  ]);
});

describe('keys that only Kubernetes reads', () => {
  refusesAtCreate([
    {
      what: 'k8s without kube-config',
      files: whole(`stack: ${stackPath}\ndeploy-to: k8s\n`),
      says: ['kube-config: is missing'],
    },
    {
      what: 'k8s with a kubeconfig that does not exist',
      files: whole(`stack: ${stackPath}\ndeploy-to: k8s\nkube-config: nowhere.yml\n`),
      says: ['spec.yml:3 kube-config', 'Kube config file nowhere.yml does not exist'],
    },
    {
      what: 'k8s with a kubeconfig that is not a file',
      files: whole(`stack: ${stackPath}\ndeploy-to: k8s\nkube-config: /dev/null\n`),
      says: ['spec.yml:3 kube-config', 'Kube config file /dev/null is not a file'],
    },
    {
      what: 'k8s with a relative volume path',
      files: whole(`stack: ${stackPath}\ndeploy-to: k8s\nkube-config: spec.yml\nvolumes: {data: ./data}\n`),
      says: ['spec.yml:4 volumes.data', 'Relative path ./data for volume data not supported for k8s'],
    },
    {
      what: 'all problems of keys for Kubernetes, each with its line',
      files: spec(
        'replicas: 1.5',
        'namespace: my_ns',
        'image-pull-policy: Sometimes',
        'security: {privileged: maybe}',
        'external-services: {db: {port: 1}}',
        'node-affinities: [{label: a}]',
        'resources:',
        '  containers: {web: {limits: {memory: lots}}, reservations: {cpus: two}}',
        '  volumes: {data: {reservations: {storage: -1G}}}',
        'network:',
        '  http-proxy: [{host-name: a.b, routes: [{path: /, proxy-to: web}]}]',
      ),
      says: [
        'spec.yml:3 replicas: must be a whole number, found 1.5',
        'spec.yml:4 namespace: must be a namespace of at most 63 lower-case letters',
        'spec.yml:5 image-pull-policy: must be Always, IfNotPresent or Never',
        'spec.yml:6 security.privileged: must be true or false',
        'spec.yml:7 external-services.db: needs host, ip, or selector',
        'spec.yml:8 node-affinities[0].value: is missing',
        'spec.yml:10 resources.containers.web.limits.memory: must be a size such as 512M',
        'spec.yml:10 resources.containers.reservations.cpus: must be a number of CPUs',
        'spec.yml:11 resources.volumes.data.reservations.storage: must be a size',
        'spec.yml:13 network.http-proxy[0].routes[0].proxy-to: must be service:port',
      ],
    },
  ]);

  accepts([
    {
      what: 'sizes that are numbers',
      files: spec('resources: {containers: {limits: {memory: 1000000, cpus: 2}}}'),
      args: create,
    },
  ]);
});

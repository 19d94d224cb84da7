import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { accepts, type BadInput, create, type Files, refuses, stackPath } from './support.js';

/** A spec for the sound stack with these lines after its first two. */
const spec = (...lines: string[]): Files => ({
  'spec.yml': [`stack: ${stackPath}`, 'deploy-to: compose', ...lines, ''].join('\n'),
});
const whole = (text: string): Files => ({ 'spec.yml': text });

const refusesAtCreate = (rows: readonly Omit<BadInput, 'args'>[]): void =>
  refuses(rows.map((row) => ({ ...row, args: create })));

describe('spec.yml as a whole (01 §6, §9, §20.23)', () => {
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
      what: 'an unknown deploy-to, which once gave an unusable directory and exit 0',
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
      what: 'an alias that leads nowhere',
      files: spec('config: *nope'),
      says: ['spec.yml:3', 'this is an alias (*name)'],
    },
    {
      what: 'an anchor that contains itself',
      files: spec('config: &a', '  A: *a'),
      says: ['spec.yml:4', '*a contains itself'],
    },
    {
      what: 'a misspelt key (decision 10)',
      files: spec('netwrk: {}'),
      says: ['spec.yml:3 netwrk', 'did you mean "network"?'],
    },
    {
      what: 'everything that is wrong, at once',
      files: spec('config: [A]', 'volumes: {data: 3}', 'replicas: many', 'network: {ports: {web: [x]}}'),
      says: ['spec.yml:3 config', 'spec.yml:4 volumes.data', 'spec.yml:5 replicas', 'spec.yml:6 network.ports.web[0]'],
    },
  ]);

  accepts([
    {
      what: 'sections that are null, which once crashed',
      files: spec(
        ...['config', 'credentials-files', 'volumes', 'configmaps', 'network', 'secrets', 'resources'].map(
          (key) => `${key}:`,
        ),
        ...['security', 'annotations', 'labels', 'image-overrides', 'external-services'].map((key) => `${key}:`),
      ),
      args: create,
    },
    { what: 'network.ports that is null', files: spec('network:', '  ports:', '  http-proxy:'), args: create },
    {
      what: 'the documented but stale keys, naming the right ones (decision 10)',
      files: spec('registry-credentials: {}', 'x-mine: 1'),
      args: create,
      says: ['WARNING: ', 'registry-credentials', 'image-pull-secret'],
    },
    {
      what: 'ports of an unknown service and paths of an unknown volume, with warnings (01 §20.23)',
      files: spec('volumes: {data: ./data/data, elsewhere: ./e}', 'network: {ports: {nobody: ["80"]}}'),
      args: create,
      says: [/WARNING: spec.yml:3 volumes.elsewhere: .*/, /WARNING: spec.yml:4 network.ports.nobody: .*/],
    },
    {
      what: 'a volume of the stack that the spec does not place, with a warning (01 §20.34)',
      files: spec('volumes: {}'),
      args: create,
      says: [/WARNING: .*data/],
    },
    {
      what: 'CRLF line ends and a byte order mark',
      files: whole(
        `\ufeffstack: ${stackPath}\r\ndeploy-to: compose\r\nconfig:\r\n  GREETING: hi\r\nvolumes:\r\n  data:\r\n`,
      ),
      args: create,
      then: async (root) => expect(await readFile(join(root, 'made/config.env'), 'utf8')).toMatch(/^GREETING=hi$/m),
    },
  ]);
});

describe('config: of the spec (01 §8, §13, §20.3, §20.18)', () => {
  refusesAtCreate([
    {
      what: 'a null value by name',
      files: spec('config:', '  A:'),
      says: ["spec.yml:4 config.A: has no value: write ''"],
    },
    {
      what: 'a list by name',
      files: spec('config:', '  A: [1, 2]'),
      says: ['spec.yml:4 config.A: must be text', 'found a list'],
    },
    {
      what: 'a map by name',
      files: spec('config:', '  A: {b: c}'),
      says: ['spec.yml:4 config.A: must be text', 'found a map'],
    },
    {
      what: 'a config that is text, without showing it',
      files: spec('config: hunter2'),
      says: ['spec.yml:3 config: must be a map', 'found text'],
    },
    {
      what: 'a name with a space',
      files: spec('config:', '  "A B": 1'),
      says: ['"A B" is not the name of a variable'],
    },
    { what: 'a name with =', files: spec('config:', '  "A=B": 1'), says: ['"A=B" is not the name of a variable'] },
    { what: 'a name with a line break', files: spec('config:', '  "A\\nB": 1'), says: ['"A\\nB" is not the name'] },
    { what: 'a name with a quote', files: spec('config:', `  "A'": 1`), says: ['is not the name of a variable'] },
    { what: 'a name with a leading dash', files: spec('config:', '  -A: 1'), says: ['"-A" is not the name'] },
    { what: 'an empty name', files: spec('config:', '  "": 1'), says: ['"" is not the name of a variable'] },
    { what: 'a NUL in a value', files: spec('config:', '  A: "a\\0b"'), says: ['config.A: holds a NUL'] },
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
      what: 'half a character in a value',
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
      what: 'a $generate of no bytes',
      files: spec('config:', '  A: $generate:hex:0$'),
      says: ['config.A', '1 to 4096'],
    },
    {
      what: 'a $generate of far too many bytes',
      files: spec('config:', '  A: $generate:hex:99999999999999$'),
      says: ['config.A', '1 to 4096'],
    },
    {
      what: 'a credentials file that is not there',
      files: spec('credentials-files: [gone.env]'),
      says: ['credentials file does not exist: gone.env'],
    },
    {
      what: 'credentials-files that are a word',
      files: spec('credentials-files: a.env'),
      says: ['spec.yml:3 credentials-files: must be a list of paths'],
    },
    {
      what: 'a credentials file with an empty path',
      files: spec('credentials-files: [""]'),
      says: ['spec.yml:3 credentials-files[0]'],
    },
    {
      what: 'a credentials file Compose cannot read, without showing its line',
      files: { ...spec('credentials-files: [c.env]'), 'c.env': 'FINE=1\nPASSWORD="hunter2\n' },
      says: ['c.env:2 PASSWORD', 'never ends'],
    },
  ]);
});

describe('volumes and ports of the spec (01 §6.1, §6.3, §20.4, §20.21)', () => {
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
      what: 'a misspelt volume (decision 10)',
      files: spec('volumes: {dtaa: ./data/data}'),
      says: ['spec.yml:3 volumes.dtaa', 'did you mean "data"?'],
    },
    {
      what: 'a volume that is the deployment itself',
      files: spec('volumes: {data: .}'),
      says: ['spec.yml:3 volumes.data'],
    },
    {
      what: 'a volume over generated files',
      files: spec('volumes: {data: ./compose}'),
      says: ['spec.yml:3 volumes.data', 'compose'],
    },
    {
      what: 'a volume in our own folder',
      files: spec('volumes: {data: ./.laconic/x}'),
      says: ['spec.yml:3 volumes.data', '.laconic'],
    },
    {
      what: 'a volume below a file we write',
      files: spec('volumes: {data: ./spec.yml/x}'),
      says: ['spec.yml:3 volumes.data', 'spec.yml'],
    },
    {
      what: 'ports of a misspelt service',
      files: spec('network: {ports: {wbe: ["80"]}}'),
      says: ['spec.yml:3 network.ports.wbe', 'did you mean "web"?'],
    },
    {
      what: 'ports that are a word',
      files: spec('network: {ports: {web: "80"}}'),
      says: ['network.ports.web: must be a list of ports'],
    },
    {
      what: 'a port that is a word',
      files: spec('network: {ports: {web: [http]}}'),
      says: ['network.ports.web[0]', '"http" is not a port'],
    },
    { what: 'port 0', files: spec('network: {ports: {web: ["0"]}}'), says: ['network.ports.web[0]', '1 to 65535'] },
    {
      what: 'port 65536',
      files: spec('network: {ports: {web: [65536]}}'),
      says: ['network.ports.web[0]', '1 to 65535'],
    },
    {
      what: 'a negative port',
      files: spec('network: {ports: {web: [-1]}}'),
      says: ['network.ports.web[0]', 'is not a port'],
    },
    {
      what: 'a port of four parts',
      files: spec('network: {ports: {web: ["1:2:3:4"]}}'),
      says: ['network.ports.web[0]', 'is not a port'],
    },
    {
      what: 'an address that is none',
      files: spec('network: {ports: {web: ["localhost:80:80"]}}'),
      says: ['"localhost"', 'is not an IP address'],
    },
    {
      what: 'a protocol that is none',
      files: spec('network: {ports: {web: ["80/http"]}}'),
      says: ['"http"', 'tcp, udp and sctp'],
    },
    {
      what: 'ranges of different length',
      files: spec('network: {ports: {web: ["80-81:80-82"]}}'),
      says: ['must be equally long'],
    },
    {
      what: 'a range the wrong way round',
      files: spec('network: {ports: {web: ["82-80"]}}'),
      says: ['ranges upwards'],
    },
    {
      what: 'network that is a list',
      files: spec('network: []'),
      says: ['network: must be a map with ports, http-proxy'],
    },
  ]);

  accepts([
    {
      what: 'every spelling of a relative volume path (01 §20.4)',
      files: spec('volumes: {data: x/y}'),
      args: create,
      then: async (root) =>
        expect(await readFile(join(root, 'made/compose/docker-compose-app.yml'), 'utf8')).toContain('device: ../x/y'),
    },
    {
      what: 'an absolute volume path that does not exist, with a warning (01 §6.1)',
      files: spec('volumes: {data: /nowhere/at/all}'),
      args: create,
      says: ['WARNING: ', 'mount path for volume data does not exist: /nowhere/at/all'],
    },
  ]);
});

describe('what only Kubernetes reads (01 §6, §20.24)', () => {
  refusesAtCreate([
    {
      what: 'k8s without kube-config',
      files: whole(`stack: ${stackPath}\ndeploy-to: k8s\n`),
      says: ['kube-config: is missing'],
    },
    {
      what: 'k8s-kind, which this version cannot create',
      files: whole(`stack: ${stackPath}\ndeploy-to: k8s-kind\n`),
      says: ['deploy-to k8s-kind', 'compose only'],
    },
    {
      what: 'a size that is none',
      files: spec('resources: {containers: {web: {limits: {memory: lots}}}}'),
      says: ['resources.containers.web.limits.memory', '"lots"'],
    },
    {
      what: 'cpus that are none',
      files: spec('resources: {containers: {limits: {cpus: two}}}'),
      says: ['resources.containers.limits.cpus', '"two"'],
    },
    {
      what: 'a storage that is none',
      files: spec('resources: {volumes: {data: {reservations: {storage: -1G}}}}'),
      says: ['resources.volumes.data.reservations.storage'],
    },
    { what: 'replicas that are a fraction', files: spec('replicas: 1.5'), says: ['spec.yml:3 replicas', 'found 1.5'] },
    {
      what: 'an http-proxy that is a map',
      files: spec('network: {http-proxy: {host-name: a}}'),
      says: ['network.http-proxy: must be a list'],
    },
    {
      what: 'a route without a port',
      files: spec('network: {http-proxy: [{host-name: a.b, routes: [{path: /, proxy-to: web}]}]}'),
      says: ['routes[0].proxy-to', 'service:port'],
    },
    {
      what: 'security that is a word',
      files: spec('security: privileged'),
      says: ['spec.yml:3 security: must be a map'],
    },
    {
      what: 'privileged that is a word',
      files: spec('security: {privileged: maybe}'),
      says: ['security.privileged: must be true or false'],
    },
    {
      what: 'a namespace with an underscore',
      files: spec('namespace: my_ns'),
      says: ['spec.yml:3 namespace', 'lower-case letters'],
    },
    {
      what: 'an image-pull-policy that is none',
      files: spec('image-pull-policy: Sometimes'),
      says: ['Always, IfNotPresent or Never'],
    },
    {
      what: 'an external service without an address',
      files: spec('external-services: {db: {port: 1}}'),
      says: ['external-services.db: needs host, ip, or selector'],
    },
    {
      what: 'an affinity without a value',
      files: spec('node-affinities: [{label: a}]'),
      says: ['node-affinities[0].value'],
    },
  ]);

  accepts([
    {
      what: 'sizes as numbers, which once crashed',
      files: spec('resources: {containers: {limits: {memory: 1000000, cpus: 2}}}'),
      args: create,
    },
  ]);
});

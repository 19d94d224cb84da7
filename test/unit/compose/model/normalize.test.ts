import { describe, expect, it } from 'vitest';
import { type NormalizedCompose, readCompose } from '../../../../src/compose/model/normalize.js';
import type { ServiceModel } from '../../../../src/compose/model/types.js';
import { formatProblem, InvalidFileError } from '../../../../src/system/errors.js';
import { parseYaml } from '../../../../src/system/yaml/yaml.js';
import { growth } from '../../../support/cost.js';

interface Given {
  values?: Record<string, string>;
  envFiles?: Record<string, string>;
  profiles?: string[];
  otherServices?: string[];
}

function normalize(
  text: string,
  { values = {}, envFiles = {}, profiles = [], otherServices = [] }: Given = {},
): NormalizedCompose {
  const reading = readCompose({
    yaml: parseYaml(text, 'c.yml'),
    lookup: (name) => values[name],
    profiles,
    otherServices: new Set(otherServices),
  });
  return reading.normalize(new Map(Object.entries(envFiles)));
}

function problems(text: string, given: Given = {}): string[] {
  try {
    normalize(text, given);
  } catch (error) {
    if (error instanceof InvalidFileError) return error.problems.map(formatProblem);
    throw error;
  }
  return [];
}

/** The one service `a` with these keys. */
function service(keys: string, given: Given = {}): ServiceModel {
  const lines = keys.split('\n').map((line) => `    ${line}`);
  const found = normalize(`services:\n  a:\n    image: i\n${lines.join('\n')}\n`, given).model.services.get('a');
  if (found === undefined) throw new Error('there is no service a');
  return found;
}

describe('problems of a compose file', () => {
  it('are reported together, in the order of the lines, with their keys', () => {
    const text = [
      'services:',
      '  a:',
      '    image: none',
      '    prots: ["80:80"]',
      '    user: 1000',
      '    ports:',
      '      - "80:80"',
      '      - "x:80"',
      '    depends_on: [nobody]',
      '  b:',
      '    privileged: ${NO}',
      '    hostname: ${A!}',
      'volums: {}',
    ].join('\n');
    expect(problems(text)).toEqual([
      'c.yml:4 services.a.prots: is not a key that Compose knows, did you mean "ports"?',
      'c.yml:5 services.a.user: must be text, found 1000: write it in quotes',
      expect.stringContaining('c.yml:8 services.a.ports[1]: "x:80" is not a port: write [ip:][host:]container'),
      'c.yml:9 services.a.depends_on: depends on the service "nobody", which is not in this file',
      'c.yml:10 services.b: has neither an image nor a build',
      'c.yml:11 services.b.privileged: must be true or false, found ""',
      'c.yml:12 services.b.hostname: invalid interpolation: expected $NAME or ${NAME}; a $ of its own is written $$',
      'c.yml:13 volums: is not a key that Compose knows, did you mean "volumes"?',
    ]);
  });

  it('are reported once, where they are written, when an alias, a merge or extends repeats them', () => {
    const text = [
      'x-a: &a',
      '  image: none',
      '  cap_add:',
      '    - 1',
      'services:',
      '  one: {<<: *a}',
      '  two: *a',
      '  three:',
      '    extends: one',
      '    tty: maybe',
      '  four: {extends: three}',
    ].join('\n');
    expect(problems(text)).toEqual([
      'c.yml:4 services.one.cap_add[0]: must be text, found 1: write it in quotes',
      'c.yml:10 services.three.tty: must be true or false, found "maybe"',
    ]);
  });

  it('explain what to do about a reference that cannot be followed', () => {
    expect(problems('include: [x.yml]\nservices: {a: {image: i, extends: {service: b, file: other.yml}}}\n')).toEqual([
      'c.yml:1 include: is not followed on Kubernetes: write the services into this file, or name the other file among the pods of stack.yml',
      'c.yml:2 services.a.extends.file: a service of another file is not followed on Kubernetes: write what it has into this service, or copy it into this file and extend it here',
    ]);
  });

  it('do not include a missing image that an extended service provides', () => {
    expect(problems('services: {a: {extends: {service: b, file: other.yml}}}\n')).toEqual([
      expect.stringMatching(/^c\.yml:1 services\.a\.extends\.file: a service of another file is not followed/),
    ]);
  });

  it('include dates and numbers as names, which need quotes', () => {
    expect(problems('services: {a: {image: i, environment: {A: 2024-01-31, 1: x}}}')).toEqual([
      'c.yml:1 services.a.environment.A: is a date or an endless number for Compose: write it in quotes',
      'c.yml:1 services.a.environment.1: a key must be text: write it in quotes',
    ]);
  });

  it('include an empty file', () => {
    expect(problems('')).toEqual(['c.yml:1: must be a map, found nothing']);
  });

  it('do not include missing keys when the extended service itself is missing', () => {
    const text =
      'services:\n  a: {extends: none}\n  b: {extends: {service: a}}\n  c: {extends: d}\n  d: {extends: c}\n';
    expect(problems(text)).toEqual([
      expect.stringMatching(/^c\.yml:2 services\.a\.extends: there is no service "none"/),
      expect.stringMatching(/^c\.yml:5 services\.d\.extends: goes round in a circle/),
    ]);
  });

  it('include circles of extends and depends_on, with the services involved', () => {
    const extending = 'services:\n  a: {image: i, extends: b}\n  b: {image: i, extends: a}\n';
    expect(problems(extending)).toEqual(['c.yml:3 services.b.extends: goes round in a circle: a → b → a']);
    const depending = 'services:\n  a: {image: i, depends_on: [b]}\n  b: {image: i, depends_on: [a]}\n';
    expect(problems(depending)).toEqual(['c.yml:2 services.a.depends_on: goes round in a circle: a → b → a']);
  });

  it('include a volume of one letter, which Compose takes for a Windows drive', () => {
    expect(problems('services: {a: {image: i, volumes: ["d:/data"]}}\nvolumes: {d: }')[0]).toContain('Windows drive');
  });

  it('are placed at the nearest key that exists', () => {
    const { model } = normalize('services:\n  base:\n    image: i\n    ports:\n      - 80\n  a:\n    extends: base\n');
    expect(formatProblem(model.problem(['services', 'a', 'ports', 0], 'x'))).toBe('c.yml:5 services.a.ports[0]: x');
    expect(formatProblem(model.problem(['services', 'a', 'nothing'], 'x'))).toBe('c.yml:6 services.a.nothing: x');
    expect(formatProblem(model.problem(['volumes', 'v'], 'x'))).toBe('c.yml:1 volumes.v: x');
  });
});

describe('sections of a compose file', () => {
  it('are empty when they are null', () => {
    const keys = [
      'ports',
      'volumes',
      'environment',
      'env_file',
      'labels',
      'depends_on',
      'healthcheck',
      'deploy',
      'command',
    ];
    const found = service(keys.map((key) => `${key}:`).join('\n'));
    expect([found.ports, found.volumes, found.depends_on.size, found.healthcheck, found.command]).toEqual([
      ...[[], [], 0, undefined, undefined],
    ]);
    expect([...found.keys]).toEqual(['image', ...keys]);
    expect(problems('services: {a: {image: i}}\nvolumes:\nsecrets:\nconfigs:\nnetworks:\n')).toEqual([]);
  });

  it('include older keys, which count as those of deploy', () => {
    expect(service('cpus: 1.5\nmem_limit: 256m\nmem_reservation: 64m\npids_limit: 50\nscale: 2').deploy).toEqual({
      replicas: 2,
      resources: { limits: { cpus: '1.5', memory: '256m', pids: 50 }, reservations: { memory: '64m' } },
      keys: new Set(),
    });
  });

  it('include those of Compose 2.30 and later', () => {
    const text = [
      'extra_hosts: {a: [10.0.0.1, 10.0.0.2]}',
      'secrets: [{source: s, mode: "0440"}]',
      'stop_grace_period: 1d',
      'healthcheck: {retries: "3"}',
      'volumes: [{type: image, source: i, target: /i, image: {subpath: x}}]',
      'post_start: [{command: x}]',
    ];
    const lines = text.map((line) => `    ${line}`).join('\n');
    const { model } = normalize(`services:\n  a:\n    image: i\n${lines}\nsecrets: {s: {file: ./s}}\n`);
    const found = model.services.get('a');
    expect(found?.extra_hosts.get('a')).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(found?.secrets).toEqual([{ source: 's', target: '/run/secrets/s', mode: 0o440 }]);
    expect(found?.stop_grace_period).toBe(86_400_000);
    expect(found?.healthcheck?.retries).toBe(3);
    expect(found?.volumes[0]).toEqual({
      type: 'image',
      source: 'i',
      target: '/i',
      read_only: false,
      options: [],
      subpath: 'x',
    });
  });

  it('keep the mount options other than ro and rw', () => {
    const { volumes } = service(
      'volumes:\n  - ./a:/a:ro,cached,z\n  - {type: bind, source: ./b, target: /b, bind: {create_host_path: false, propagation: rslave}}\n  - {type: tmpfs, target: /c, tmpfs: {size: 1k, mode: 0o1777}}',
    );
    expect(volumes).toEqual([
      { type: 'bind', source: './a', target: '/a', read_only: true, options: ['cached', 'z'] },
      { type: 'bind', source: './b', target: '/b', read_only: false, options: ['rslave', 'create_host_path=false'] },
      { type: 'tmpfs', target: '/c', read_only: false, options: ['mode=01777'], size: 1024 },
    ]);
  });

  it('have a disabled healthcheck, whichever way it is disabled', () => {
    expect(service('healthcheck: {disable: true}').healthcheck).toEqual({ disable: true });
    expect(service('healthcheck: {test: [NONE]}').healthcheck).toEqual({ test: ['NONE'], disable: true });
  });

  it('warn about a command that Compose truncates', () => {
    const { warnings } = normalize('services:\n  a:\n    image: i\n    command: echo a && echo b\n');
    expect(warnings.map(formatProblem)).toEqual([
      'c.yml:4 services.a.command: everything from "&& echo b" on is ignored: Compose runs no shell: write ["sh", "-c", "…"]',
    ]);
  });
});

describe('services of a compose file', () => {
  const text =
    'services:\n  a: {image: i, depends_on: {b: {condition: service_started, required: false}}}\n  b: {image: i, profiles: [p]}\n';

  it('are absent when their profile is not active, and nothing waits for them', () => {
    const { services } = normalize(text).model;
    expect([...services.keys()]).toEqual(['a']);
    expect(services.get('a')?.depends_on.size).toBe(0);
    expect(normalize(text, { profiles: ['p'] }).model.services.get('a')?.depends_on.size).toBe(1);
  });

  it('may be waited for when another file of the project defines them', () => {
    const dependent = 'services: {a: {image: i, depends_on: [other]}}';
    expect(problems(dependent)).toHaveLength(1);
    const { services } = normalize(dependent, { otherServices: ['other'] }).model;
    expect([...(services.get('a')?.depends_on.keys() ?? [])]).toEqual(['other']);
  });
});

describe('values with variables', () => {
  const values = { SECRET: 's3$cret', SET: 'set' };

  it('keep their template, but only where a variable is mentioned', () => {
    const { environment, environmentTemplates } = service(
      'environment: {WHOLE: "${SECRET}", INSIDE: "a$$b-$SECRET", PLAIN: x, DOLLAR: $$x, DEFAULT: "${NO:-${SECRET}}", SECRET: , NO: }',
      { values },
    );
    expect(Object.fromEntries(environment)).toEqual({
      WHOLE: 's3$cret',
      INSIDE: 'a$b-s3$cret',
      PLAIN: 'x',
      DOLLAR: '$x',
      DEFAULT: 's3$cret',
      SECRET: 's3$cret',
    });
    expect(Object.fromEntries(environmentTemplates)).toEqual({
      WHOLE: '${SECRET}',
      INSIDE: 'a$$b-${SECRET}',
      DEFAULT: '${NO:-${SECRET}}',
      SECRET: '${SECRET}',
    });
  });

  it('keep only the part behind the = in list items', () => {
    const { environmentTemplates } = service('environment: ["A=x${SECRET}y", "B_${SET}=${SECRET}", SECRET, "C=c"]', {
      values,
    });
    expect(Object.fromEntries(environmentTemplates)).toEqual({
      A: 'x${SECRET}y',
      B_set: '${SECRET}',
      SECRET: '${SECRET}',
    });
  });

  it('keep their template through extends and merges', () => {
    const text = [
      'x-e: &e {A: "${SECRET}"}',
      'services:',
      '  base: {image: i, environment: {<<: *e, B: "b-${SECRET}"}}',
      '  a: {extends: base, environment: ["B=plain", "C=$SECRET"]}',
    ].join('\n');
    const found = normalize(text, { values }).model.services.get('a');
    expect(Object.fromEntries(found?.environmentTemplates ?? [])).toEqual({ A: '${SECRET}', C: '${SECRET}' });
  });

  it('are resolved in env files, including names that the file sets itself', () => {
    const envFiles = {
      'one.env':
        'DIRECT=${SECRET}\nPART="x $SECRET"\nLOCAL=plain$$\nVIA=<${DIRECT}-${LOCAL}>\nSECRET\nRAW=\'${SECRET}\'\nNAMED=1\n',
      'two.env': 'NEXT=${VIA:+${DIRECT}}${NONE:-${PART}}\nNAMED=${OWN}\n',
    };
    const found = service('env_file: [one.env, two.env]\nenvironment: {OWN: "own $SECRET", LOCAL: over}', {
      values,
      envFiles,
    });
    expect(Object.fromEntries(found.environment)).toEqual({
      DIRECT: 's3$cret',
      PART: 'x s3$cret',
      LOCAL: 'over',
      VIA: '<s3$cret-over>',
      SECRET: 's3$cret',
      RAW: '${SECRET}',
      NAMED: 'own s3$cret',
      NEXT: 's3$cretx s3$cret',
      OWN: 'own s3$cret',
    });
    expect(Object.fromEntries(found.environmentTemplates)).toEqual({
      DIRECT: '${SECRET}',
      PART: 'x ${SECRET}',
      VIA: '<${SECRET}-over>',
      SECRET: '${SECRET}',
      NAMED: 'own ${SECRET}',
      NEXT: '${SECRET}${NONE:-x ${SECRET}}',
      OWN: 'own ${SECRET}',
    });
  });
});

describe('env files of services', () => {
  it('are listed before they are read: those of active services, with variables resolved', () => {
    const reading = readCompose({
      yaml: parseYaml(
        'services:\n  a: {image: i, env_file: "${E}.env"}\n  b: {image: i, env_file: [{path: raw.env, format: raw, required: false}, x.env]}\n  c: {image: i, profiles: [p], env_file: no.env}\n',
        'c.yml',
      ),
      lookup: (name) => (name === 'E' ? 'x' : undefined),
    });
    expect(reading.envFiles).toMatchObject([
      { path: 'x.env', required: true, format: 'env' },
      { path: 'raw.env', required: false, format: 'raw' },
    ]);
  });

  it('are taken as they are with format raw', () => {
    const envFiles = { 'x.env': '# c\n  A="x" # y \r\nB=$SET\n\nSET\nNONE\n' };
    const found = service('env_file: [{path: x.env, format: raw}]', { values: { SET: 'set' }, envFiles });
    expect(Object.fromEntries(found.environment)).toEqual({ A: '"x" # y ', B: '$SET', SET: 'set' });
    expect(Object.fromEntries(found.environmentTemplates)).toEqual({ SET: '${SET}' });
  });

  it('are reported when they are missing, unless they are optional', () => {
    expect(
      problems(
        'services:\n  a:\n    image: i\n    env_file:\n      - {path: no.env, required: false}\n      - x.env\n',
      ),
    ).toEqual(['c.yml:6 services.a.env_file[1]: the env file "x.env" is missing']);
  });

  it('are reported once when they cannot be read, with their line', () => {
    const text = 'services:\n  a: {image: i, env_file: x.env}\n  b: {image: i, env_file: x.env}\n';
    expect(problems(text, { envFiles: { 'x.env': 'A=1\nB=${NO:?needed}\n' } })).toEqual([
      'x.env:2 B: required variable NO is missing a value: needed',
    ]);
  });
});

describe('performance of the model', () => {
  it('is linear in the number of services', () => {
    const normalizing = (count: number) => {
      const yaml = parseYaml(manyServices(count), 'c.yml');
      return () => readCompose({ yaml, lookup: () => 'x' }).normalize();
    };
    expect(growth(60, normalizing)).toBeLessThan(2.2);
  });
});

function manyServices(count: number): string {
  const one = (index: number): string => `  s${index}:
    <<: *common
    image: image:\${TAG}
    environment: {<<: *env, A: "a \${VALUE}", B: b, C: 1.50}
    ports: ["${8000 + index}:80", "9000-9003"]
    volumes: ["data:/data", "./x:/x:ro"]
    command: sh -c "echo $$A"
    healthcheck: {test: x, interval: 5s}
    depends_on: [${index === 0 ? '' : `s${index - 1}`}]`;
  const services = Array.from({ length: count }, (_, index) => one(index)).join('\n');
  return `x-common: &common {restart: always}\nx-env: &env {X: 1, Y: "$VALUE"}\nvolumes: {data: }\nservices:\n${services}\n`;
}

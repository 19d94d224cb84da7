import { describe, expect, it } from 'vitest';
import { buildObjects } from '../../../../../../src/deployers/kubernetes/objects/build.js';
import { secretEntries } from '../../../../../../src/deployers/kubernetes/objects/configuration/environment.js';
import {
  app,
  containerOf,
  findingsOf,
  objectsInput,
  oneService,
  podOf,
  workloads,
} from '../../../../../support/kubernetes/kubernetes-objects.js';

const secretRef = (name: string, key: string): object => ({
  name,
  valueFrom: { secretKeyRef: { name: `${app}-generated-secrets`, key } },
});

describe('the environment with Compose semantics', () => {
  it('gives a service what Compose gives it: literals win, defaults apply, and names that only others mention are absent', () => {
    const { containers } = podOf({
      pods: {
        web: `
services:
  a:
    image: x
    environment: { A: '\${A}', D: '\${MISSING:-default}', L: literal, N: 5, E: '' }
  b:
    image: x
    environment: [ 'B=pre-\${B}' ]
`,
      },
      config: { A: '1', B: '2', L: 'from config' },
    });
    expect(containers.map(({ env }) => env)).toEqual([
      [
        { name: 'A', value: '1' },
        { name: 'D', value: 'default' },
        { name: 'L', value: 'literal' },
        { name: 'N', value: '5' },
        { name: 'E' },
      ],
      [
        { name: 'B', value: 'pre-2' },
        { name: 'L', value: 'from config' },
      ],
    ]);
  });

  it('gives names that nothing mentions to every container, including jobs and init containers', () => {
    const made = workloads({
      pods: { web: 'services:\n  a: { image: x, labels: { laconic.init-container: yes } }\n  b: { image: x }\n' },
      jobs: { seed: 'services: { s: { image: x } }\n' },
      config: { LOOSE: '1' },
    });
    const [pod, job] = [...made.deployments, ...made.jobs].map(({ spec }) => spec.template.spec);
    const all = [...(pod?.initContainers ?? []), ...(pod?.containers ?? []), ...(job?.containers ?? [])];
    expect(all.map(({ env }) => env)).toEqual(Array(3).fill([{ name: 'LOOSE', value: '1' }]));
  });
});

describe("the environment in the Python program's way", () => {
  it('has every non-empty variable of config.env, instead of literals', () => {
    expect(
      containerOf('environment: { L: literal, K: kept, Z: z }', {
        config: { K: '', L: 'config', A: 'a' },
        environment: 'all',
      }).env,
    ).toEqual([
      { name: 'L', value: 'config' },
      { name: 'K', value: 'kept' },
      { name: 'Z', value: 'z' },
      { name: 'A', value: 'a' },
    ]);
  });

  it('has every generated secret too, except where a literal has the name', () => {
    expect(
      containerOf('environment: { T: mine, P: "${P}" }', {
        generated: { P: 'secret-p', T: 'secret-t', U: 'secret-u' },
        environment: 'all',
      }).env,
    ).toEqual([{ name: 'T', value: 'mine' }, secretRef('P', 'P'), secretRef('U', 'U')]);
  });
});

describe('generated secrets', () => {
  const pods = {
    web: oneService(`environment:
  PASSWORD: \${PASSWORD}
  ALIAS: \${PASSWORD:-none}
  URL: postgres://u:\${PASSWORD}@db/x
  HAS: \${PASSWORD:+yes}
  OTHER: \${MISSING:-word}`),
  };
  const generated = { PASSWORD: 'f00dfeed', LOOSE: 'abc' };

  it('are referenced, and a value that embeds one becomes a key of its own, so that no object contains them', () => {
    const pod = podOf({ pods, generated });
    expect(pod.containers[0]?.env).toEqual([
      secretRef('PASSWORD', 'PASSWORD'),
      secretRef('ALIAS', 'PASSWORD'),
      secretRef('URL', 'web.web.URL'),
      { name: 'HAS', value: 'yes' },
      { name: 'OTHER', value: 'word' },
      secretRef('LOOSE', 'LOOSE'),
    ]);
    expect(JSON.stringify(pod)).not.toContain('f00dfeed');
  });

  it('are entries of the Secret, together with the values that embed them, also those of jobs', () => {
    const jobs = { web: 'services: { web: { image: x, environment: { URL: "x-${PASSWORD}" } } }' };
    expect([...secretEntries(objectsInput({ pods, jobs, generated }), 'generatedSecrets')]).toEqual([
      ['PASSWORD', 'f00dfeed'],
      ['LOOSE', 'abc'],
      ['web.web.URL', 'postgres://u:f00dfeed@db/x'],
      ['job.web.web.URL', 'x-f00dfeed'],
    ]);
    expect(secretEntries(objectsInput({ pods: { web: oneService('') } }), 'generatedSecrets').size).toBe(0);
  });

  it('reach command and args through a variable, never as text', () => {
    const container = containerOf(
      'command: ["--pw=${PASSWORD}", "$$HOME", "plain"]\nenvironment: { PW: "${PASSWORD}" }',
      {
        generated: { PASSWORD: 'f00dfeed' },
      },
    );
    expect(container.args).toEqual(['--pw=$(PW)', '$$HOME', 'plain']);
    expect(container.env).toEqual([secretRef('PW', 'PASSWORD')]);

    const dollar = containerOf('command: [ "$$${PASSWORD}$$" ]', { generated: { PASSWORD: 'f00dfeed' } });
    expect(dollar.args).toEqual(['$$$(PASSWORD)$$']);

    const taken = containerOf('entrypoint: ["run", "${PASSWORD}${PASSWORD}"]\nenvironment: { PASSWORD: other }', {
      generated: { PASSWORD: 'f00dfeed' },
    });
    expect(taken.command).toEqual(['run', '$(_PASSWORD)$(_PASSWORD)']);
    expect(taken.env).toEqual([{ name: 'PASSWORD', value: 'other' }, secretRef('_PASSWORD', 'PASSWORD')]);
  });

  it('are warned about in a healthcheck, since a probe cannot refer to a Secret', () => {
    const { warnings } = findingsOf('healthcheck: { test: "check ${PASSWORD}" }', {
      generated: { PASSWORD: 'f00dfeed' },
    });
    expect(warnings).toEqual([
      expect.stringMatching(
        /^docker-compose-web\.yml:4 services\.web\.healthcheck\.test: holds the generated secret PASSWORD/,
      ),
    ]);
    expect(warnings.join()).not.toContain('f00dfeed');
  });
});

describe('dollar signs, which the kubelet expands as $(X) and $$', () => {
  it.each([
    ['$$(X)', '$$(X)'],
    ['$$$$', '$$$$'],
    ['a$$', 'a$$'],
    ['$$é', '$$é'],
    ['100%$$x$$$$(y)', '100%$$x$$$$(y)'],
  ])('in the compose value %j, where $$ is one dollar, become %j', (written, expected) => {
    const container = containerOf(
      `environment: { V: '${written}' }\ncommand: ['${written}']\nentrypoint: ['${written}']\nhealthcheck: { test: [CMD, '${written}'] }`,
    );
    expect(container.env).toEqual([{ name: 'V', value: expected }]);
    expect(container.args).toEqual([expected]);
    expect(container.command).toEqual([expected]);
    expect(container.readinessProbe).toMatchObject({ exec: { command: [expected] } });
  });

  it('are doubled in values of the config, but not in values that a Secret holds', () => {
    const container = containerOf('environment: { V: "${V}", S: "${S}" }', {
      config: { V: '$(A)' },
      generated: { S: 'a$b' },
    });
    expect(container.env).toEqual([{ name: 'V', value: '$$(A)' }, secretRef('S', 'S')]);
    expect(secretEntries(objectsInput({ pods: {}, generated: { S: 'a$b' } }), 'generatedSecrets').get('S')).toBe('a$b');
  });
});

describe('variables from credentials files', () => {
  const credentials = { DB_PASSWORD: 'pass word', DB_USER: 'app', LOOSE: 'loose-value' };
  const keyRef = (name: string, key: string): object => ({
    name,
    valueFrom: { secretKeyRef: { name: `${app}-credentials`, key } },
  });
  const pods = {
    web: `
services:
  web:
    image: x
    environment: { DB_PASSWORD: '\${DB_PASSWORD}', URL: 'postgres://\${DB_USER}:\${DB_PASSWORD}@db', LITERAL: app }
    command: [ serve, '--user=\${DB_USER}' ]
    healthcheck: { test: 'login "\${DB_PASSWORD}" $$HOME' }
  other:
    image: x
    command: [ app ]
`,
  };

  it('reach the containers that mention them by reference: environment, command and healthcheck show no value', () => {
    const pod = podOf({ pods, credentials });
    const [web, other] = pod.containers;
    expect(web?.env).toEqual([
      keyRef('DB_PASSWORD', 'DB_PASSWORD'),
      keyRef('URL', 'web.web.URL'),
      { name: 'LITERAL', value: 'app' },
      keyRef('LACONIC_HEALTHCHECK', 'web.web.LACONIC_HEALTHCHECK'),
      keyRef('DB_USER', 'DB_USER'),
    ]);
    expect(web?.args).toEqual(['serve', '--user=$(DB_USER)']);
    expect(web?.readinessProbe).toMatchObject({
      exec: { command: ['/bin/sh', '-c', 'eval "$$LACONIC_HEALTHCHECK"'] },
    });
    expect(other).toMatchObject({ args: ['app'] });
    expect(other).not.toHaveProperty('env');
    expect(JSON.stringify(pod)).not.toContain('pass word');
  });

  it('are in the Secret, with the values that embed them, and nowhere else in the deployment', () => {
    const input = objectsInput({ pods, credentials, config: { PLAIN: 'p' }, generated: { G: 'g' } });
    expect(Object.fromEntries(secretEntries(input, 'credentials'))).toEqual({
      ...credentials,
      'web.web.URL': 'postgres://app:pass word@db',
      'web.web.LACONIC_HEALTHCHECK': 'login "pass word" $HOME',
    });
    const { objects } = buildObjects(input);
    const secret = objects.find(({ metadata }) => metadata.name === `${app}-credentials`);
    expect(secret).toMatchObject({ kind: 'Secret', metadata: { labels: { 'laconic.com/deployment-id': app } } });
    expect(JSON.stringify(objects.filter(({ kind }) => kind !== 'Secret'))).not.toMatch(/pass word|loose-value/);
    expect(buildObjects(objectsInput({ pods })).objects.some(({ kind }) => kind === 'Secret')).toBe(false);
  });

  it('reach every container of an old directory through the same Secret', () => {
    const pod = podOf({ pods, credentials: { ...credentials, EMPTY: '' }, environment: 'all' });
    const all = Object.keys(credentials).map((name) => keyRef(name, name));
    expect(pod.containers[1]?.env).toEqual(all);
    expect(pod.containers[0]?.env).toEqual(expect.arrayContaining(all));
  });

  it('roll out the pods that use them when they change, and no others', () => {
    const more = { ...pods, idle: 'services: { idle: { image: x } }\n' };
    const sums = (password: string): unknown[] =>
      workloads({ pods: more, credentials: { ...credentials, DB_PASSWORD: password } }).deployments.map(
        ({ spec }) => spec.template.metadata.annotations,
      );
    const [before, after] = [sums('one-value'), sums('another-value')];
    expect(after[0]).not.toEqual(before[0]);
    expect(after[1]).toEqual(before[1]);
  });

  it('turn a config file that contains one into a Secret, and are warned about in a healthcheck without a shell', () => {
    const configs = { c: '{ content: "pw=${DB_PASSWORD}" }', d: '{ environment: DB_USER }', e: '{ content: plain }' };
    const top = `configs:\n${Object.entries(configs)
      .map(([name, text]) => `  ${name}: ${text}\n`)
      .join('')}`;
    const stack = {
      pods: { web: oneService('configs: [ c, d, e ]\nhealthcheck: { test: [ CMD, "${DB_PASSWORD}" ] }', top) },
      credentials,
    };
    const { objects } = buildObjects(objectsInput(stack));
    const kinds = objects.filter(({ metadata }) => metadata.name.startsWith(`${app}-compose-config-`));
    expect(kinds.map(({ kind, metadata }) => [kind, metadata.name.at(-1)])).toEqual([
      ['Secret', 'c'],
      ['Secret', 'd'],
      ['ConfigMap', 'e'],
    ]);
    expect(podOf(stack).volumes).toEqual([
      expect.objectContaining({ secret: expect.objectContaining({ secretName: `${app}-compose-config-c` }) as object }),
      expect.objectContaining({ secret: expect.objectContaining({ secretName: `${app}-compose-config-d` }) as object }),
      expect.objectContaining({ configMap: expect.anything() as object }),
    ]);
    expect(workloads(stack).warnings).toEqual([expect.stringContaining('DB_PASSWORD of a credentials file')]);
  });

  it('stay out of a healthcheck that is a list with a shell command: the named shell takes it from the Secret', () => {
    const { warnings, deployments } = workloads({
      pods: { web: oneService('healthcheck: { test: [ CMD, bash, -ec, "login ${DB_PASSWORD} $$0", name ] }') },
      credentials,
    });
    expect(deployments[0]?.spec.template.spec.containers[0]).toMatchObject({
      env: [keyRef('LACONIC_HEALTHCHECK', 'web.web.LACONIC_HEALTHCHECK')],
      readinessProbe: { exec: { command: ['bash', '-ec', 'eval "$$LACONIC_HEALTHCHECK"', 'name'] } },
    });
    expect(warnings).toEqual([]);
  });

  it.each([
    ['healthcheck: { test: [ CMD, login, "-p${DB_PASSWORD}" ] }', 'healthcheck.test[2]'],
    ['command: serve ${DB_PASSWORD} on', 'command'],
    ['entrypoint: serve "${DB_PASSWORD}" ${DB_PASSWORD}', 'entrypoint'],
    ['working_dir: "/srv/${TOKEN}"', 'working_dir'],
    ['hostname: "${TOKEN}"', 'hostname'],
    ['extra_hosts: [ "db:${ADDRESS}" ]', 'extra_hosts[0]'],
    ['volumes: [ { type: tmpfs, target: "/run/${DB_USER}" } ]', 'volumes[0].target'],
  ])('are warned about at the key where %s would show one', (keys, key) => {
    const more = { ...credentials, TOKEN: 'a1b2c3d4e5', ADDRESS: '10.11.12.13' };
    const { warnings } = findingsOf(keys, { credentials: more });
    const shown = /: holds \w+ of a credentials file, which is readable for everyone/;
    const found = warnings.filter((warning) => shown.test(warning));
    expect(found).toEqual([expect.stringContaining(`services.web.${key}: holds`)]);
    expect(found[0]).toMatch(/^docker-compose-web\.yml:\d+ /);
    expect(warnings.join('\n')).not.toMatch(/pass word|a1b2c3d4e5/);
  });

  it('are warned about in an image name; labels and unmapped keys show none', () => {
    const image = '"registry.example.org/${TOKEN}/app:1"';
    const found = (keys: string): string[] =>
      workloads({
        pods: { web: `services:\n  web: { image: ${image}, ${keys} }\n` },
        credentials: { TOKEN: 'a1b2c3d4e5', DB_USER: 'web' },
      }).warnings;
    expect(found('labels: { a: "${DB_USER}" }, x-note: "${TOKEN}", build: { args: { T: "${TOKEN}" } }')).toEqual([
      expect.stringContaining('docker-compose-web.yml:2 services.web.image: holds TOKEN of a credentials file'),
    ]);
  });

  it('are warned about where a file or a literal contains the same value without mentioning the name', () => {
    const keys = 'volumes: [ "./page.txt:/page.txt", "conf:/conf" ]\nenvironment: { COPY: xx-a1b2c3d4e5, USER: app }';
    const { warnings } = findingsOf(keys, {
      credentials: { TOKEN: 'a1b2c3d4e5', DB_USER: 'app', PLACE: 'laconic-notes' },
      top: 'volumes: { conf: }',
      spec: 'credentials-files: [ c.env ]\nconfigmaps: { conf: ./conf }\n',
      files: { './page.txt': 'the token is a1b2c3d4e5' },
      configmaps: { conf: { 'a.conf': 'token = a1b2c3d4e5' } },
    });
    const shown = (object: string, path: string): string =>
      `the ${object} holds, at ${path}, TOKEN of a credentials file, which is readable for everyone`;
    expect(warnings.filter((warning) => !warning.includes('no service mentions'))).toEqual([
      expect.stringContaining(
        `spec.yml:4 configmaps.conf: ${shown(`ConfigMap ${app}-conf`, 'binaryData["a.conf"]')}`,
      ) as string,
      expect.stringContaining(
        `docker-compose-web.yml:4 services.web.volumes[0]: ${shown(`ConfigMap ${app}-host-path-page-txt`, 'binaryData["page.txt"]')}`,
      ) as string,
      expect.stringContaining(
        `spec.yml:3 credentials-files: ${shown(`Deployment ${app}-deployment`, 'spec.template.spec.containers[0].env[0].value')}`,
      ) as string,
    ]);
  });
});

it("the spec's secrets are optional in envFrom, as existing stacks expect", () => {
  expect(containerOf('', { spec: 'secrets: { mail-creds: [KEY], other: [] }\n' }).envFrom).toEqual([
    { secretRef: { name: 'mail-creds', optional: true } },
    { secretRef: { name: 'other', optional: true } },
  ]);
});

it('names that Kubernetes does not accept as variables are refused, by file and line', () => {
  expect(findingsOf("environment: { 'Ä': x, '1A': y }")).toEqual({
    errors: [
      expect.stringMatching(
        /^docker-compose-web\.yml:4 services\.web\.environment\["Ä"\]: Kubernetes takes no variable/,
      ),
    ],
    warnings: [
      expect.stringMatching(/^docker-compose-web\.yml:4 services\.web\.environment\.1A: Kubernetes before 1\.32/),
    ],
  });
});

it('an unset variable that is a whole value leaves its name to the Secrets of the spec', () => {
  const compose =
    'environment: { PW: "${PW}", ALIAS: "$OTHER", DEFAULT: "${PW:-}", PART: "a${PW}", EMPTY: "${SET}", LITERAL: "" }';
  const config = { SET: '' };
  const names = (spec: string): string[] =>
    ((containerOf(compose, { spec, config }) as { env?: { name: string }[] }).env ?? []).map(({ name }) => name);
  expect(names('secrets: { db: [PW] }\n')).toEqual(['DEFAULT', 'PART', 'EMPTY', 'LITERAL']);
  expect(names('')).toEqual(['PW', 'ALIAS', 'DEFAULT', 'PART', 'EMPTY', 'LITERAL']);
});

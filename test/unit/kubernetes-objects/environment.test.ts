import { describe, expect, it } from 'vitest';
import { secretEntries } from '../../../src/deployers/kubernetes/objects/environment.js';
import {
  app,
  containerOf,
  findingsOf,
  objectsInput,
  oneService,
  podOf,
  workloads,
} from '../../support/kubernetes-objects.js';

const secretRef = (name: string, key: string): object => ({
  name,
  valueFrom: { secretKeyRef: { name: `${app}-generated-secrets`, key } },
});

describe('env by Compose semantics (decision 7)', () => {
  it('gives a service what Compose gives it: literals win, defaults hold, names that others mention stay away', () => {
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

  it('gives a name that nothing mentions to every container, jobs and init containers as well', () => {
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

describe('env by the old rule (decision 7, 04 §4.4.3)', () => {
  it('gives every variable of config.env that is not empty, in place of literals', () => {
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

  it('gives every generated secret too, and leaves what a literal says', () => {
    expect(
      containerOf('environment: { T: mine, P: "${P}" }', {
        generated: { P: 'secret-p', T: 'secret-t', U: 'secret-u' },
        environment: 'all',
      }).env,
    ).toEqual([{ name: 'T', value: 'mine' }, secretRef('P', 'P'), secretRef('U', 'U')]);
  });
});

describe('generated secrets (decision 9, K-01, K-02)', () => {
  const pods = {
    web: oneService(`environment:
  PASSWORD: \${PASSWORD}
  ALIAS: \${PASSWORD:-none}
  URL: postgres://u:\${PASSWORD}@db/x
  HAS: \${PASSWORD:+yes}
  OTHER: \${MISSING:-word}`),
  };
  const generated = { PASSWORD: 'f00dfeed', LOOSE: 'abc' };

  it('come by reference; a value that embeds one is a key of its own; nothing of them stands in the object', () => {
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

  it('are entries of the Secret, with the values that embed them, of jobs as well', () => {
    const jobs = { web: 'services: { web: { image: x, environment: { URL: "x-${PASSWORD}" } } }' };
    expect([...secretEntries(objectsInput({ pods, jobs, generated }))]).toEqual([
      ['PASSWORD', 'f00dfeed'],
      ['LOOSE', 'abc'],
      ['web.web.URL', 'postgres://u:f00dfeed@db/x'],
      ['job.web.web.URL', 'x-f00dfeed'],
    ]);
    expect(secretEntries(objectsInput({ pods: { web: oneService('') } })).size).toBe(0);
  });

  it('reach command and args through a variable, not as text', () => {
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

  it('in a healthcheck are warned of: a probe cannot refer to a Secret', () => {
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

describe('dollars (decision 21: the kubelet expands $(X) and $$)', () => {
  it.each([
    ['$$(X)', '$$(X)'],
    ['$$$$', '$$$$'],
    ['a$$', 'a$$'],
    ['$$é', '$$é'],
    ['100%$$x$$$$(y)', '100%$$x$$$$(y)'],
  ])('a compose value %j, where $$ is one dollar, is %j', (written, expected) => {
    const container = containerOf(
      `environment: { V: '${written}' }\ncommand: ['${written}']\nentrypoint: ['${written}']\nhealthcheck: { test: [CMD, '${written}'] }`,
    );
    expect(container.env).toEqual([{ name: 'V', value: expected }]);
    expect(container.args).toEqual([expected]);
    expect(container.command).toEqual([expected]);
    expect(container.readinessProbe).toMatchObject({ exec: { command: [expected] } });
  });

  it('doubles those of values from the config, and none in values that a Secret holds', () => {
    const container = containerOf('environment: { V: "${V}", S: "${S}" }', {
      config: { V: '$(A)' },
      generated: { S: 'a$b' },
    });
    expect(container.env).toEqual([{ name: 'V', value: '$$(A)' }, secretRef('S', 'S')]);
    expect(secretEntries(objectsInput({ pods: {}, generated: { S: 'a$b' } })).get('S')).toBe('a$b');
  });
});

it("names the spec's secrets in envFrom, optional, as existing stacks expect (04 §4.4.3, §13)", () => {
  expect(containerOf('', { spec: 'secrets: { mail-creds: [KEY], other: [] }\n' }).envFrom).toEqual([
    { secretRef: { name: 'mail-creds', optional: true } },
    { secretRef: { name: 'other', optional: true } },
  ]);
});

it('refuses names that Kubernetes takes for no variable, by file and line', () => {
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

it('an unset variable that is a whole value leaves the place to the Secrets of the spec', () => {
  const compose =
    'environment: { PW: "${PW}", ALIAS: "$OTHER", DEFAULT: "${PW:-}", PART: "a${PW}", EMPTY: "${SET}", LITERAL: "" }';
  const config = { SET: '' };
  const names = (spec: string): string[] =>
    ((containerOf(compose, { spec, config }) as { env?: { name: string }[] }).env ?? []).map(({ name }) => name);
  expect(names('secrets: { db: [PW] }\n')).toEqual(['DEFAULT', 'PART', 'EMPTY', 'LITERAL']);
  expect(names('')).toEqual(['PW', 'ALIAS', 'DEFAULT', 'PART', 'EMPTY', 'LITERAL']);
});

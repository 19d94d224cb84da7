import { copyFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithCluster } from '../../support/kubernetes/cluster.js';
import { nasty, plain } from '../../support/values/hard-values.js';
import { ClusterSandbox, type Deployed } from '../../support/kubernetes/cluster-sandbox.js';

/** Values that one of the two targets might interpret. */
const values: Record<string, string> = {
  ...nasty,
  PARENTHESES: '$(HASH) $$(HASH) $$$(HASH) $( $() $(no such)',
  NESTED: '$($(HASH))',
  ENDS: 'dollars at the end $$',
};
const names = [...Object.keys(values), ...Object.keys(plain)];

const loop = 'while :; do sleep 1; done';

const composeFile = `
services:
  map:
    image: busybox:1.36
    command: ["sh", "-c", "${loop}", "sh", "$$(HOME)", "$$$$(HOME) $$$$$$", "it's \\"b\\" \\\\ c\\\\n", "ü\\n\\t漢", "",
      "\${DOLLARS}", "\${PARENTHESES}", "  lead and trail  "]
    stop_grace_period: 1s
    environment:
${names.map((name) => `      ${name}: \${${name}}`).join('\n')}
      PAIR: \${PAIR}
      URL: "embedded: \${DB_URL} and \${PAIR:-none}"
      PASSED:
      AROUND: "before \${DOLLARS} $$\${HASH} $$\{HASH} after"
      DEFAULT: \${UNSET:-a "default" with $$(HASH) and \${BACKSLASH}}
      ALTERNATIVE: \${SINGLE:+is set}\${UNSET:+is not}
      NUMBER: 0123
      YES: true
      FRACTION: 1.50
      NOTHING: ""
    healthcheck:
      # The check sees the same dollars, or the container is never ready.
      test: ["CMD-SHELL", "test \\"$$DOLLAR\\" = '$$' && test \\"$$(echo a b | wc -w)\\" -eq 2"]
      interval: 1s
  list:
    image: busybox:1.36
    entrypoint: sh -c "${loop}" 'an argument'
    command: >
      'it''s' "double $$(HASH) \\"x\\"" back\\\\slash a\\ b $$$$HASH '\${DOLLARS}' ""
    stop_grace_period: 1s
    env_file:
      - ../config/equal/own.env
      - path: missing.env
        required: false
    environment:
${names.map((name) => `      - ${name}=\${${name}:-missing}`).join('\n')}
      - DB_URL
      - PASSED
      - LITERAL=a=b \${HASH} 'c' "d" # e
      - OVER=environment wins
`;

const jobFile = `
services:
  equal-job:
    image: busybox:1.36
    command: ["sh", "-c", "base64 -w0 /proc/1/environ; echo; base64 -w0 /proc/1/cmdline; echo", "$$(HOME)", "$$$$"]
    environment:
${names.map((name) => `      ${name}: \${${name}}`).join('\n')}
      DB_URL: \${DB_URL}
`;

const envFile = `PLAIN=a value # no comment? it is
SINGLE_QUOTED='$HASH # \\n "x"'
DOUBLE_QUOTED="$HASH \\$(HASH) \\n \\"x\\" \${UNSET:-$$}"
BARE=a$HASH"b'c\\d
LINES_OF="one
two"
OVER=file
PASSED
EMPTY_ONE=
`;

/** Any text as JSON that is valid YAML too. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const config = [
  'config:',
  ...Object.entries(values).map(([name, text]) => `  ${name}: ${quoted(text)}`),
  ...Object.entries(plain).map(([name, text]) => `  ${name}: ${text}`),
  "  DB_URL: 'postgres://app:$generate:hex:16$@db/x?a=$b#c $(HASH) d'",
  "  PAIR: '$generate:base64:32$:$generate:hex:8$'",
  "  PASSED: 'through $(HASH) $'",
].join('\n');

let sandbox: ClusterSandbox;
let deployed: Deployed;
let project: string;

function entries(text: string): Record<string, string> {
  const lines = text.split('\0').filter((line) => line !== '');
  const all = lines.map((line): [string, string] => {
    const at = line.indexOf('=');
    return [line.slice(0, at), line.slice(at + 1)];
  });
  return Object.fromEntries(all.filter(([name]) => name !== 'HOSTNAME' && !name.startsWith('KUBERNETES_')));
}

function onCompose(service: string, file: string): Promise<string> {
  return sandbox.docker('exec', `${project}-${service}-1`, 'cat', file);
}

/** The output of the job: its environment and its command. */
function ofJob(stdout: string): { environment: Record<string, string>; command: string[] } {
  const [environment = '', command = ''] = stdout.trimEnd().split('\n').slice(-2);
  const decoded = (text: string): string => Buffer.from(text, 'base64').toString();
  return { environment: entries(decoded(environment)), command: decoded(command).split('\0') };
}

describeWithCluster('environment and commands of containers are equal on both targets', () => {
  beforeAll(async () => {
    sandbox = await ClusterSandbox.make({
      'so/stacks/equal/stack.yml': 'name: equal\npods: [equal]\njobs: [equal-job]\n',
      'so/compose/docker-compose-equal.yml': composeFile,
      'so/config/equal/own.env': envFile,
      'so/compose-jobs/docker-compose-equal-job.yml': jobFile,
      'compose.yml': `stack: BASE/so/stacks/equal\ndeploy-to: compose\n${config}\n`,
    });
    await sandbox.create('compose.yml', 'c');
    project = await sandbox.projectOf('c');
    deployed = await sandbox.deploy('BASE/so/stacks/equal', 'k', config);
    // Secrets are generated once for each deployment, so both get the same here.
    await copyFile(sandbox.path('c/secrets.env'), sandbox.path('k/secrets.env'));
    await Promise.all([sandbox.run('c', 'start'), deployed.run('start')]);
  });
  afterAll(async () => {
    await sandbox.remove();
  });

  it.each(['map', 'list'])('in the environment of %s', async (service) => {
    const compose = entries(await onCompose(service, '/proc/1/environ'));
    const kubernetes = entries(await deployed.inContainer(service, 'cat', '/proc/1/environ'));
    expect(kubernetes).toEqual(compose);
    expect(Object.keys(compose)).toEqual(expect.arrayContaining(names));
  });

  it.each(['map', 'list'])('in the command of %s, byte for byte', async (service) => {
    const compose = await onCompose(service, '/proc/1/cmdline');
    expect((await deployed.inContainer(service, 'cat', '/proc/1/cmdline')).split('\0')).toEqual(compose.split('\0'));
    expect(compose).toContain('$(H');
  });

  it('in the environment of a job', async () => {
    const compose = await sandbox.run('c', 'run-job', 'equal-job');
    const kubernetes = await deployed.run('run-job', 'equal-job');
    expect(ofJob(kubernetes.stdout)).toEqual(ofJob(compose.stdout));
    expect(Object.keys(ofJob(compose.stdout).environment)).toEqual(expect.arrayContaining(names));
  });

  it('with the values of the spec, and secrets instead of their tokens', async () => {
    const seen = entries(await deployed.inContainer('map', 'cat', '/proc/1/environ'));
    for (const [name, value] of Object.entries({ ...values, ...plain }))
      expect({ [name]: seen[name] }).toEqual({ [name]: value });
    expect(seen.URL).toMatch(
      /^embedded: postgres:\/\/app:[0-9a-f]{32}@db\/x\?a=\$b#c \$\(HASH\) d and \S{43,44}:[0-9a-f]{16}$/,
    );
  });

  it('with secrets in Secrets only', async () => {
    const { PAIR = '' } = entries(await deployed.inContainer('map', 'cat', '/proc/1/environ'));
    const others = await deployed.objects('deployment,job,configmap,service,pod');
    expect(JSON.stringify(others)).not.toContain(PAIR);
  });
});

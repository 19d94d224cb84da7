import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runOrFail } from '../../src/system/process/process.js';
import { describeWithEngine } from '../support/engine.js';
import { type CliResult, runCli } from '../support/program.js';
import { nasty, plain } from '../support/values/hard-values.js';

/** Lines of a credentials file and the values that arrive. Compose's own rules apply to the file. */
const credentials: Record<string, [text: string, value: string]> = {
  TOKEN: ['\'p$w#x "y" z\'', 'p$w#x "y" z'],
  CERTIFICATE: ['"one\ntwo\n"', 'one\ntwo\n'],
  PERCENTS: ['a%b&c', 'a%b&c'],
  TWICE: ['from-credentials', 'from-credentials'],
};

/** Half of the config is passed with `--config`, half with `--config-file`. */
/** `${NAME}` is always expanded in a file, so such values are passed with `--config`. */
const optionNames = Object.keys(nasty).filter(
  (name, index) => (index % 2 === 0 && index > 0) || /\$\{.*\}/.test(nasty[name] ?? ''),
);
const fileNames = Object.keys(nasty).filter((name) => !optionNames.includes(name));
const generated = { DB_URL: ['postgres://app:', '@db/x?a=$b#c d'], PAIR: ['<', '>'] } as const;
const names = [...Object.keys(nasty), ...Object.keys(plain), ...Object.keys(credentials), ...Object.keys(generated)];

/** A value in a config file: double quotes with escapes; a `$` alone needs no escape. */
function quoted(value: string): string {
  const escapes: Record<string, string> = { '\\': '\\\\', '"': '\\"', '\n': '\\n', '\r': '\\r' };
  return `"${value.replace(/[\\"\n\r]/g, (character) => escapes[character] ?? character)}"`;
}

describeWithEngine('values arrive in the container byte for byte', () => {
  let root = '';
  let project = '';
  const files = {
    'so/stacks/values/stack.yml': 'name: values\npods: [values]\njobs: [values-job]\n',
    'so/compose/docker-compose-values.yml': [
      'services:',
      '  map:',
      '    image: busybox:1.36',
      '    command: sleep infinity',
      '    stop_signal: SIGKILL',
      '    environment:',
      ...names.map((name) => `      ${name}: \${${name}}`),
      '  list:',
      '    image: busybox:1.36',
      '    command: sleep infinity',
      '    stop_signal: SIGKILL',
      '    environment:',
      ...names.map((name) => `      - ${name}=\${${name}:-missing}`),
      '      - DOUBLE=literal wins',
      '',
    ].join('\n'),
    'so/compose-jobs/docker-compose-values-job.yml': [
      'services:',
      '  values-job:',
      '    image: busybox:1.36',
      '    command: cat /proc/1/environ',
      '    environment:',
      ...names.map((name) => `      ${name}: \${${name}}`),
      '',
    ].join('\n'),
    'values.env': fileNames.map((name) => `${name}=${quoted(nasty[name] ?? '')}\n`).join(''),
    'secret.env': Object.entries(credentials)
      .map(([name, [text]]) => `${name}=${text}\n`)
      .join(''),
  };
  const cli = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CliResult> =>
    runCli(args, { cwd: root, env });

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'laconic-test-values-'));
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
    const options = optionNames.flatMap((name) => ['--config', `${name}=${nasty[name] ?? ''}`]);
    const init = [
      '--stack',
      'so/stacks/values',
      'deploy',
      'init',
      '--output',
      'spec.yml',
      '--config-file',
      'values.env',
    ];
    expect(await cli(['--quiet', ...init, ...options])).toMatchObject({ code: 0, stderr: '' });
    const written = await readFile(join(root, 'spec.yml'), 'utf8');
    const more = [
      'config:',
      ...Object.entries(plain).map(([name, text]) => `  ${name}: ${text}`),
      '  TWICE: from-config',
      ...Object.entries(generated).map(([name, [before, after]]) => `  ${name}: '${before}$generate:hex:16$${after}'`),
    ];
    expect(written).toMatch(/^config:$/m);
    const spec = `${written.replace(/^config:$/m, () => more.join('\n'))}credentials-files: [secret.env]\n`;
    await writeFile(join(root, 'spec.yml'), spec);
    expect(
      await cli(['--quiet', 'deploy', 'create', '--spec-file', 'spec.yml', '--deployment-dir', 'd']),
    ).toMatchObject({
      code: 0,
      stderr: '',
    });
    project = /cluster-id: (\S+)/.exec(await readFile(join(root, 'd/deployment.yml'), 'utf8'))?.[1] ?? '';
    // The shell sets the same names, and others that Compose would use.
    const shell = Object.fromEntries(names.map((name) => [name, 'from the shell']));
    const started = await cli(['deployment', '--dir', 'd', 'start'], { ...shell, COMPOSE_ENV_FILES: '/nowhere' });
    expect(started.stderr).not.toContain('WARNING');
    expect(started.code).toBe(0);
  });

  afterAll(async () => {
    await cli(['deployment', '--dir', 'd', 'stop', '--delete-volumes', '--timeout', '0']);
    await rm(root, { recursive: true, force: true });
  });

  const environmentOf = async (service: string): Promise<Map<string, string>> => {
    const { stdout } = await runOrFail('cannot read', 'docker', [
      'exec',
      `${project}-${service}-1`,
      'cat',
      '/proc/1/environ',
    ]);
    return parseEnvironment(stdout);
  };
  const expected = {
    ...nasty,
    ...plain,
    ...Object.fromEntries(Object.entries(credentials).map(([name, [, value]]) => [name, value])),
  };

  it.each(['map', 'list'])('through an environment written as a %s, whatever the shell sets', async (service) => {
    const arrived = await environmentOf(service);
    for (const [name, value] of Object.entries(expected)) {
      // With `:-` an empty value counts as unset, and a literal in the compose file takes precedence.
      const other = service === 'list' ? { EMPTY: 'missing', DOUBLE: 'literal wins' }[name] : undefined;
      expect({ [name]: arrived.get(name) }).toEqual({ [name]: other ?? value });
    }
  });

  it('in a job', async () => {
    const { stdout, code } = await cli(['deployment', '--dir', 'd', 'run-job', 'values-job'], {
      DOLLAR: 'from the shell',
    });
    expect(code).toBe(0);
    const arrived = parseEnvironment(stdout.replace('Running job: values-job\n', ''));
    for (const [name, value] of Object.entries(expected))
      expect({ [name]: arrived.get(name) }).toEqual({ [name]: value });
  });

  it('with secrets instead of tokens, and the same after an update and a restart', async () => {
    const first = await environmentOf('map');
    for (const [name, [before, after]] of Object.entries(generated)) {
      const value = first.get(name) ?? '';
      expect(value.startsWith(before) && value.endsWith(after)).toBe(true);
      expect(value.slice(before.length, -after.length)).toMatch(/^[0-9a-f]{32}$/);
    }
    const changed = (await readFile(join(root, 'spec.yml'), 'utf8')).replace('PLAIN_YES: yes', "PLAIN_YES: 'no $HOME'");
    await writeFile(join(root, 'spec.yml'), changed);
    const update = ['deploy', 'create', '--spec-file', 'spec.yml', '--deployment-dir', 'd', '--update'];
    expect((await cli(update)).code).toBe(0);
    expect((await cli(['deployment', '--dir', 'd', 'start'], { PLAIN_YES: 'from the shell' })).code).toBe(0);
    const second = await environmentOf('map');
    expect(second.get('PLAIN_YES')).toBe('no $HOME');
    for (const name of Object.keys(generated)) expect(second.get(name)).toBe(first.get(name));
    for (const [name, value] of Object.entries({ ...expected, PLAIN_YES: 'no $HOME' })) {
      expect({ [name]: second.get(name) }).toEqual({ [name]: value });
    }
  });
});

function parseEnvironment(text: string): Map<string, string> {
  return new Map(
    text.split('\0').map((entry) => {
      const at = entry.indexOf('=');
      return [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
}

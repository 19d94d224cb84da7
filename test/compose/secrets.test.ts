import { type ChildProcess, spawn } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../../src/system/process/process.js';
import { describeWithEngine } from '../support/engine.js';
import { type CliResult, cliPath, runCli } from '../support/program.js';

/** A credentials file with a password on one line and a key on several. */
const password = 'Cr3dential-7kQ2';
const key = `-----BEGIN KEY-----\nb3BlbnNzaC1rZXk-q8\n-----END KEY-----\n`;

const files: Record<string, string> = {
  'so/stacks/safe/stack.yml': 'name: safe\npods: [safe]\njobs: [safe-job]\n',
  'so/stacks/safe/deploy/commands.mjs': [
    "import { writeFileSync } from 'node:fs';",
    "export function create(context) { writeFileSync(context.deploymentDir + '/from-hook', 'x'); }",
    '',
  ].join('\n'),
  'so/compose/docker-compose-safe.yml': [
    'services:',
    '  web:',
    '    image: busybox:1.36',
    '    command: sh -c "test -z \\"$$FAIL\\" || { echo \\"cannot log in with $$PASSWORD and $$TOKEN at $$DB_URL\\"; echo \\"$$KEY\\"; exit 1; }; sleep 1000"',
    '    stop_signal: SIGKILL',
    '    environment:',
    ...['PASSWORD', 'KEY', 'TOKEN', 'DB_URL', 'FAIL', 'PORT'].map((name) => `      ${name}: \${${name}:-}`),
    '    ports: ["${PORT:-80}"]',
    '',
  ].join('\n'),
  'so/compose-jobs/docker-compose-safe-job.yml': [
    'services:',
    '  safe-job:',
    '    image: busybox:1.36',
    '    command: "true"',
    '    environment: {TOKEN: "${TOKEN}", PASSWORD: "${PASSWORD}"}',
    '',
  ].join('\n'),
  // So many files that writing a directory takes long enough to be observed on any machine.
  ...Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`so/config/safe/many/${at}`, `${at}\n`])),
  'app.env': `PASSWORD=${password}\nKEY="${key}"\n`,
};

/** The path of the credentials file is absolute, because `restart` reads the spec from the stack's folder. */
const specIn = (root: string, ...config: string[]): string =>
  [
    'stack: so/stacks/safe',
    'deploy-to: compose',
    `credentials-files: [${root}/app.env]`,
    'config:',
    '  TOKEN: $generate:hex:16$',
    '  DB_URL: postgres://app:$generate:base64:24$@db/x',
    ...config.map((line) => `  ${line}`),
    '',
  ].join('\n');

/** Files that contain secrets, or lead to them, wherever they are. */
const secretFile =
  /^\.?(config\.env|secrets\.env|create\.json|manifest\.json|journal\.json|lock|started\.json|.*\.bak|spec\.yml)(\.[^.]+\.tmp)?$/;

describeWithEngine('secrets of a deployment', () => {
  let root = '';
  let watcher: ChildProcess | undefined;
  let seen = '';
  const said: string[] = [];

  /** Runs the program with a umask that removes no permissions, and keeps its output. */
  const cli = async (args: readonly string[], umask = '000'): Promise<CliResult> => {
    const { code, stdout, stderr } = await run(
      'sh',
      ['-c', 'umask "$0"; exec "$@"', umask, process.execPath, cliPath, ...args],
      { cwd: root },
    );
    said.push(`$ ${args.join(' ')}\n${stdout}${stderr}`);
    return { code, stdout, stderr };
  };
  const create = ['deploy', 'create', '--spec-file', 'spec.yml', '--deployment-dir', 'd'];
  const dir = (...words: string[]): string[] => ['deployment', '--dir', 'd', ...words];
  const spec = (...config: string[]): string => specIn(root, ...config);
  const put = (name: string, text: string, mode = 0o600): Promise<void> => writeFile(join(root, name), text, { mode });

  /** All secret texts of the deployment as they are now. */
  const secrets = async (): Promise<string[]> => {
    const text = await readFile(join(root, 'd/secrets.env'), 'utf8');
    const token = /^TOKEN=(\w{32})$/m.exec(text)?.[1] ?? '';
    const inner = /^DB_URL=.*app:(\S+)@db/m.exec(text)?.[1]?.replaceAll("'", '') ?? '';
    expect([token, inner].map((secret) => secret.length)).toEqual([32, 32]);
    return [password, 'b3BlbnNzaC1rZXk-q8', token, inner];
  };

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'laconic-test-secrets-'));
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
    await put('spec.yml', spec());
    watcher = spawn(process.execPath, [join(import.meta.dirname, 'secrets-watcher.mjs'), root, 'so', 'many'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await new Promise<void>((resolve) => {
      watcher?.stdout?.on('data', (chunk: Buffer) => {
        seen += chunk.toString();
        if (seen.includes('watching\n')) resolve();
      });
    });
  });

  afterAll(async () => {
    watcher?.kill();
    // Compose reads the files also to stop, and needs a valid port.
    await put('app.env', files['app.env'] ?? '');
    await cli([...create, '--update']);
    await runCli(dir('stop', '--delete-volumes', '--timeout', '0', '--force'), { cwd: root });
    await rm(root, { recursive: true, force: true });
  });

  it('are not shown by any command of a deployment', async () => {
    const all: string[] = [];
    expect(await cli(['--debug', '--verbose', ...create])).toMatchObject({ code: 0 });
    all.push(...(await secrets()));
    expect(await cli(['--debug', '--verbose', ...dir('start')])).toMatchObject({ code: 0 });
    for (const words of [
      ['ps'],
      ['status', '--format', 'json'],
      ['logs'],
      ['run-job', 'safe-job'],
      ['port', 'web', '80'],
    ]) {
      expect(await cli(['--debug', ...dir(...words)])).toMatchObject({ code: 0 });
    }
    await put('spec.yml', spec('MORE: 1'));
    expect(await cli(['--dry-run', '--verbose', ...create, '--update'])).toMatchObject({ code: 0 });
    expect(await cli(['--debug', ...create, '--update', '--rotate-secret', 'TOKEN'])).toMatchObject({ code: 0 });
    all.push(...(await secrets()));
    expect(await cli(['--dry-run', '--debug', ...dir('start')])).toMatchObject({ code: 0 });
    expect(await cli(['--debug', ...dir('restart', '--rotate-secret', 'DB_URL')])).toMatchObject({ code: 0 });
    all.push(...(await secrets()));
    expect(await cli(['--debug', ...dir('update-envs')])).toMatchObject({ code: 0 });
    expect(new Set(all).size).toBe(6);
    for (const secret of all) for (const text of said) expect(text).not.toContain(secret);
  });

  it('are absent from messages about a failed container, and from those of Compose', async () => {
    await put('spec.yml', spec('FAIL: 1'));
    expect(await cli([...create, '--update'])).toMatchObject({ code: 0 });
    const failed = await cli(['--debug', ...dir('start', '--wait-timeout', '20', '--steady', '10')]);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('cannot log in with *** and *** at ***');

    await put('app.env', `${files['app.env'] ?? ''}PORT=${password}\n`);
    for (const words of [[...create, '--update'], dir('update-envs')]) {
      const refused = await cli(['--debug', ...words]);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain('services.web.ports[0]: "***" is not a port');
      expect(refused.stderr).toContain(`(PORT is set in ${root}/app.env)`);
    }
    await appendFile(join(root, 'd/config.env'), `PORT=${password}\n`);
    const refused = await cli(['--debug', ...dir('start')]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('***');
    for (const secret of await secrets()) for (const text of said) expect(text).not.toContain(secret);
    // create refuses an invalid port.
    await put('app.env', files['app.env'] ?? '');
  });

  it('are in files that only the owner can read, and folders with nothing else are private to the owner', async () => {
    const found = await modesBelow(join(root, 'd'));
    const loose = [...found].filter(([path, mode]) => secretFile.test(basename(path)) && (mode & 0o077) !== 0);
    expect(loose).toEqual([]);
    for (const name of [
      'config.env',
      'secrets.env',
      'config.env.bak',
      'secrets.env.bak',
      'spec.yml.bak',
      '.laconic/create.json',
      '.laconic/started.json',
    ]) {
      expect({ [name]: found.get(name) }).toEqual({ [name]: 0o600 });
    }
    expect((await stat(join(root, 'd/.laconic'))).mode & 0o777).toBe(0o700);
    expect((await stat(join(root, 'd/.laconic/history'))).mode & 0o777).toBe(0o700);
    const texts = await Promise.all(
      [...found.keys()].map(async (path) => [path, await readFile(join(root, 'd', path), 'utf8')] as const),
    );
    for (const secret of await secrets()) {
      const holding = texts.filter(([, text]) => text.includes(secret)).map(([path]) => path);
      expect(holding.length).toBeGreaterThan(0);
      for (const path of holding) expect({ path, mode: found.get(path) }).toEqual({ path, mode: 0o600 });
    }
  });

  it('are never in a command line, nor for a moment in a file that others can read', async () => {
    watcher?.stdin?.end();
    await new Promise((resolve) => watcher?.once('close', resolve));
    const { commands, modes } = JSON.parse(seen.slice(seen.indexOf('\n') + 1)) as {
      commands: string[];
      modes: string[];
    };
    // The observer was fast enough to see what it has to look for.
    expect(
      commands.some((command) => command.includes('\0compose\0') && command.includes(`${root}/d/secrets.env`)),
    ).toBe(true);
    const staged = modes.filter((line) => line.includes('/.d.laconic-new/') || line.includes('/.laconic/next/'));
    expect(staged.some((line) => secretFile.test(basename(line)))).toBe(true);
    for (const secret of await secrets()) expect(commands.filter((command) => command.includes(secret))).toEqual([]);
    const loose = modes.filter((line) => {
      const [mode = '', path = ''] = line.split(/ (.*)/s);
      return (
        path.startsWith(`${root}/`) &&
        !path.startsWith(`${root}/so/`) &&
        secretFile.test(basename(path)) &&
        (Number.parseInt(mode, 8) & 0o077) !== 0
      );
    });
    expect(loose).toEqual([]);
  });

  it('are hidden with everything else by a umask of 077, while a spec without secrets keeps its mode in the copy', async () => {
    expect(
      await cli(['--stack', 'so/stacks/safe', 'deploy', 'init', '--output', 'closed.yml', '--config', 'A=b'], '077'),
    ).toMatchObject({ code: 0 });
    expect((await stat(join(root, 'closed.yml'))).mode & 0o777).toBe(0o600);
    const closed = [...create.slice(0, 2), '--spec-file', 'closed.yml', '--deployment-dir', 'closed'];
    expect(await cli(closed, '077')).toMatchObject({ code: 0 });
    for (const [path, mode] of await modesBelow(join(root, 'closed'))) {
      // Copies keep their mode.
      if (!/^(hooks|config)\//.test(path)) expect({ path, others: mode & 0o077 }).toEqual({ path, others: 0 });
    }
    await put('open.yml', spec(), 0o644);
    expect(
      await cli([...create.slice(0, 2), '--spec-file', 'open.yml', '--deployment-dir', 'open'], '022'),
    ).toMatchObject({ code: 0 });
    expect((await stat(join(root, 'open/spec.yml'))).mode & 0o777).toBe(0o644);
    expect((await stat(join(root, 'open/config.env'))).mode & 0o777).toBe(0o600);
  });

  it('make a spec private to its owner when init and create write one with values', async () => {
    const init = ['--stack', 'so/stacks/safe', 'deploy', 'init', '--output', 'valued.yml', '--config', 'PW=hunter2'];
    expect(await cli(init, '022')).toMatchObject({ code: 0 });
    await put('given.yml', spec('PW: hunter2'), 0o644);
    const valued = [...create.slice(0, 2), '--spec-file', 'given.yml', '--deployment-dir', 'valued'];
    expect(await cli(valued, '022')).toMatchObject({ code: 0 });
    for (const path of ['valued.yml', 'valued/spec.yml']) {
      expect({ path, mode: (await stat(join(root, path))).mode & 0o777 }).toEqual({ path, mode: 0o600 });
    }
  });
});

/** Permission bits of every file below a directory, by relative path. */
async function modesBelow(directory: string): Promise<Map<string, number>> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    await Promise.all(
      paths.map(async (path) => [path.slice(directory.length + 1), (await stat(path)).mode & 0o777] as const),
    ),
  );
}

import { readdir, rm } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { run } from '../../../src/system/process/process.js';
import { type CliResult, cliPath } from '../../support/program.js';
import { Sandbox } from '../../support/sandbox.js';
import { accepts, create, type Files, hookFile, init, refuses, stackPath } from './support.js';

const hooks = (text: string): Files => ({ [hookFile]: text });
const python = (text: string): Files => ({ [hookFile.replace('.mjs', '.py')]: text });

describe('failing hooks leave nothing behind', () => {
  refuses([
    {
      what: 'an init hook that throws',
      files: hooks("export function init() { throw new Error('no luck'); }"),
      args: init,
      says: ['init', 'commands.mjs', 'no luck'],
    },
    {
      what: 'an init hook that returns a list',
      files: hooks('export const init = () => [1];'),
      args: init,
      says: ['commands.mjs', 'init must return an object or nothing, it returned a list'],
    },
    {
      what: 'an init hook whose config is not a map',
      files: hooks("export const init = () => ({ config: 'x' });"),
      args: init,
      says: ['init hook returned a config that is not a map'],
    },
    {
      what: 'a create hook that throws',
      files: hooks("export function create() { throw new Error('no luck'); }"),
      args: create,
      says: ['create', 'commands.mjs', 'no luck'],
    },
    {
      what: 'a create hook with a promise that is not awaited and rejects',
      files: hooks(
        "export async function create() { Promise.reject(new Error('no luck')); await new Promise((go) => setTimeout(go, 5000)); }",
      ),
      args: create,
      says: ['create', 'commands.mjs:1', 'no luck', /^(?![^]*Node\.js v)/],
    },
    {
      what: 'a create hook that throws in a timer',
      files: hooks(
        "export async function create() { setTimeout(() => { throw new Error('no luck'); }); await new Promise((go) => setTimeout(go, 5000)); }",
      ),
      args: create,
      says: ['create', 'commands.mjs:1', 'no luck', /^(?![^]*Node\.js v)/],
    },
    {
      what: 'a create hook that ends the process',
      files: hooks('export function create() { process.exit(3); }'),
      args: create,
      says: ['create', 'commands.mjs', '3'],
    },
    {
      what: 'a create hook that waits for ever',
      files: hooks('export const create = () => new Promise(() => {});'),
      args: create,
      says: ['create', 'commands.mjs', 'never returns'],
    },
    {
      what: 'a hook file that waits for ever while it is loaded',
      files: hooks('await new Promise(() => {}); export const create = () => {};'),
      args: create,
      says: ['create', 'commands.mjs', 'never returns'],
    },
    {
      what: 'a hook file that is not valid JavaScript',
      files: hooks('export function create( {'),
      args: create,
      says: ['commands.mjs'],
    },
    {
      what: 'a create hook that writes outside the deployment',
      files: hooks("export const create = (context) => context.modifyYaml('/etc/passwd', () => {});"),
      args: create,
      says: ['commands.mjs'],
    },
    {
      what: 'a Python hook that raises',
      files: python("def create(context, extra_args):\n    raise Exception('no luck')\n"),
      args: create,
      says: ['create', 'commands.py', 'no luck'],
    },
    {
      what: 'a Python hook that reads arguments it was not given',
      files: python('def create(context, extra_args):\n    extra_args[2]\n'),
      args: create,
      says: ['commands.py', 'list index out of range'],
    },
    {
      what: 'a Python hook that is not valid Python',
      files: python('def create(:\n'),
      args: create,
      says: ['commands.py'],
    },
    {
      what: 'a Python hook that calls sys.exit',
      files: python('import sys\ndef create(context, extra_args):\n    sys.exit(3)\n'),
      args: create,
      says: ['commands.py'],
    },
    {
      what: 'a Python hook on a host without Python',
      files: python('def create(context, extra_args):\n    pass\n'),
      args: create,
      env: { PATH: '/nowhere' },
      says: ['commands.py', 'python3'],
    },
  ]);

  accepts([
    {
      what: 'a Python hook with too few parameters',
      files: python("def create(context):\n    print('called')\n"),
      args: create,
      then: async (_, { stdout }) => expect(stdout).toBe('called\n'),
    },
    {
      what: 'a hook after whose end something that it left running fails, with a warning',
      files: hooks("export const create = () => { setImmediate(() => { throw new Error('no luck'); }); };"),
      args: create,
      says: [/^WARNING: the hook \S+commands\.mjs had ended when .* failed at commands\.mjs:1: no luck$/m],
    },
    {
      what: 'a hook that leaves a timer behind, without waiting for the timer',
      files: hooks("export const create = () => { setInterval(() => {}, 1000); console.log('x'.repeat(300_000)); };"),
      args: create,
      then: async (_, { stdout }) => expect(stdout).toBe(`${'x'.repeat(300_000)}\n`),
    },
    ...[init, create, ['--stack', stackPath, 'deploy', 'setup']].map((args) => ({
      what: `commands.mjs next to commands.py: ${args.find((word) => ['init', 'create', 'setup'].includes(word)) ?? ''} uses the first and names both`,
      files: {
        ...hooks("export const init = () => console.log('called'), create = init, setup = init;"),
        ...python("def init(context):\n    raise RuntimeError('this one')\ncreate = setup = init\n"),
      },
      args,
      says: [/^WARNING: only the hooks in \S+commands\.mjs are called, not those in commands\.py beside it/m],
      then: async (_: string, { stdout }: CliResult) => expect(stdout).toBe('called\n'),
    })),
  ]);
});

it('a failed create hook is reported together with its files that cannot be removed', async () => {
  const sandbox = await Sandbox.make({
    'source/stacks/app/stack.yml': 'name: app\npods:\n  - app\n',
    'source/compose/docker-compose-app.yml': 'services:\n  web:\n    image: busybox:1.36\n',
    'source/stacks/app/deploy/commands.py':
      'import os\ndef create(context, extra_args):\n    made = context.deployment_dir / "made"\n    (made / "in").mkdir(parents=True)\n    os.chmod(made, 0o500)\n    raise Exception("no luck")\n',
    'spec.yml': 'stack: source/stacks/app\ndeploy-to: compose\n',
  });
  onTestFinished(() => rm(sandbox.base, { recursive: true, force: true }));
  const bound = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] : ['env'];
  const [program = '', ...words] = [...bound, process.execPath, cliPath, ...create.slice(0, 2)];
  const again = () =>
    run(program, [...words, '--spec-file', 'spec.yml', '--deployment-dir', 'd'], { cwd: sandbox.base });

  const { code, stderr } = await again();

  expect(code).toBe(1);
  expect(stderr).toMatch(/^Error: the create hook failed: .*no luck/m);
  expect(stderr).toMatch(
    /^WARNING: the remains of an unfinished creation of .* in .*\.d\.laconic-new cannot be removed: .*sudo$/m,
  );
  expect(await readdir(sandbox.base)).not.toContain('d');
  const second = await again();
  expect(second.stderr).toMatch(/^Error: the remains of an unfinished creation of /m);
  expect(second.stderr).not.toContain('bug in laconic-so');
});

it('a command that would wait for ever fails with a message', async () => {
  const sandbox = await Sandbox.make({
    'source/stacks/app/stack.yml': 'name: app\npods:\n  - app\n',
    'source/compose/docker-compose-app.yml': 'services:\n  web:\n    image: busybox:1.36\n',
    // This removes the check for hooks, so that the one for promises of the program itself is tested.
    'source/stacks/app/deploy/commands.mjs':
      "export async function init() { await undefined; process.removeAllListeners('beforeExit'); await new Promise(() => {}); }",
  });
  onTestFinished(() => rm(sandbox.base, { recursive: true, force: true }));

  const { code, stderr } = await run(
    process.execPath,
    [cliPath, '--stack', 'source/stacks/app', 'deploy', 'init', '--output', 'spec.yml'],
    { cwd: sandbox.base },
  );

  expect(code).toBe(1);
  expect(stderr).toMatch(/^Error: the command waits for something that never happens$/m);
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { build } from 'rolldown';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hookFile, temporaryDirectory } from './support.js';

const root = resolve(import.meta.dirname, '../../../..');

/** A program that calls one hook, built as the real one is: chunks in one folder, next to `python/`. */
const program = `
import { callHook } from '${root}/src/stack/hooks/call-hook.js';
import { writeFileSync } from 'node:fs';
const [file, language, ...edits] = process.argv.slice(2);
const controller = new AbortController();
const options = { quiet: false, verbose: false, dryRun: false, localStack: false, debug: false, continueOnError: false };
const context = { options, report: undefined, signal: controller.signal, env: process.env, cwd: process.cwd() };
const clusterContext = { cluster: 'c', composeFiles: [], preStartCommands: [], postStartCommands: [], config: null, envFile: null, jobComposeFiles: null };
const call = () => callHook({ file, language }, 'init', { context: { stack: 's', clusterContext, deployer: { type: 'compose' } } }, { context, runContainerCommand: async () => '' });
try {
  process.stdout.write('outcome ' + JSON.stringify(await call()));
  for (const edit of edits) {
    writeFileSync(file, edit);
    process.stdout.write(' outcome ' + JSON.stringify(await call()));
  }
} catch (error) {
  process.stderr.write(error.message);
  process.exitCode = 1;
}
`;

let dist = '';

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'laconic-hooks-dist-'));
  dist = join(folder, 'dist');
  mkdirSync(dist);
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'program.ts'), program);
  await build({
    input: join(folder, 'program.ts'),
    platform: 'node',
    tsconfig: false,
    external: /^[^./]/,
    output: { dir: dist },
  });
  cpSync(join(root, 'src/stack/hooks/python'), join(dist, 'python'), { recursive: true });
});

afterAll(() => rmSync(resolve(dist, '..'), { recursive: true, force: true }));

async function runHook(
  file: string,
  input: string | Readable,
  onOutput: (said: string) => unknown = () => undefined,
  edits: readonly string[] = [],
): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const language = file.endsWith('.py') ? 'python' : 'javascript';
  const child = spawn(process.execPath, [join(dist, 'program.js'), file, language, ...edits]);
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text;
    onOutput(said.stdout);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  if (typeof input === 'string') child.stdin.end(input);
  else input.pipe(child.stdin);
  const [code] = (await once(child, 'close')) as unknown[];
  return { code, ...said };
}

describe('the streams of a hook are those of the program', () => {
  it('a Python hook inherits stdin, stdout and stderr', async () => {
    const file = hookFile(
      "import sys\ndef init(c):\n    print('said', sys.stdin.readline().strip())\n    print('aside', file=sys.stderr)\n    return {'a': 1}\n",
    );

    expect(await runHook(file, 'typed\n')).toEqual({
      code: 0,
      stdout: 'said typed\noutcome {"called":true,"result":{"a":1}}',
      stderr: 'aside\n',
    });
  });

  it('output appears at once, also without a newline', async () => {
    const file = hookFile(
      "import sys\ndef init(c):\n    print('.', end='')\n    print(sys.stdin.readline().strip())\n",
    );
    const answers = new PassThrough();

    // The hook goes on once its output was seen.
    const { stdout } = await runHook(file, answers, (said) => said === '.' && answers.end('seen\n'));

    expect(stdout).toBe('.seen\noutcome {"called":true}');
  });

  it('10 MB of output pass through', async () => {
    const file = hookFile("def init(c):\n    for i in range(10): print('x' * (1024 * 1024 - 1))\n");

    const { code, stdout } = await runHook(file, '');

    expect(code).toBe(0);
    expect(stdout.length).toBe(10 * 1024 * 1024 + 'outcome {"called":true}'.length);
  });

  it('a failing hook does not print its own traceback', async () => {
    const file = hookFile("def init(c):\n    raise ValueError('bad')\n");

    expect(await runHook(file, '')).toEqual({
      code: 1,
      stdout: '',
      stderr: `the init hook failed: ${file}:2: ValueError: bad`,
    });
  });
});

describe('JavaScript hooks in the built program', () => {
  it('report a syntax error with its line', async () => {
    const file = hookFile('export function init() {}\n\nfoo bar\n', 'commands.mjs');

    expect(await runHook(file, '')).toEqual({
      code: 1,
      stdout: '',
      stderr: `the init hook failed: ${file}:3: SyntaxError: Unexpected identifier 'bar'`,
    });
  });

  it('end only themselves with process.exit, not the program', async () => {
    const fails = hookFile('export function init() {\n  process.exit(4);\n}\n', 'commands.mjs');
    const done = hookFile('exports.init = () => process.exit(0);\n', 'commands.js');

    expect((await runHook(fails, '')).stderr).toBe(
      `the init hook failed: ${fails}:2: the hook called process.exit: exit code 4`,
    );
    expect(await runHook(done, '')).toEqual({ code: 0, stdout: 'outcome {"called":true}', stderr: '' });
  });

  it.each([
    ['commands.mjs', 'export const init = () => ({ v: 1 });', 'export const init = () => ({ v: 2 });'],
    ['commands.js', 'exports.init = () => ({ v: 1 });', 'exports.init = () => ({ v: 2 });'],
    ['commands.py', 'def init(c): return {"v": 1}', 'def init(c): return {"v": 2}'],
  ])('are loaded again after %s was edited, as restart needs', async (name, before, after) => {
    expect((await runHook(hookFile(before, name), '', undefined, [after])).stdout).toBe(
      'outcome {"called":true,"result":{"v":1}} outcome {"called":true,"result":{"v":2}}',
    );
  });

  it.each(['commands.mjs', 'commands.js', 'commands.py'])(
    'work with unusual characters and links in the path of %s',
    async (name) => {
      const odd = join(temporaryDirectory(), "a b#c?d%20(e)'é");
      mkdirSync(odd);
      const text = {
        'commands.mjs': "import { v } from './helper.mjs';\nexport const init = () => ({ v: v.missing.x });\n",
        'commands.js': "const { v } = require('./helper.js');\nexports.init = () => ({ v: v.missing.x });\n",
        'commands.py': 'from helper import v\ndef init(c): return {"v": v["missing"]}\n',
      }[name];
      writeFileSync(join(odd, name), text ?? '');
      writeFileSync(join(odd, 'helper.mjs'), 'export const v = { known: 1 };\n');
      writeFileSync(join(odd, 'helper.js'), 'exports.v = { known: 1 };\n');
      writeFileSync(join(odd, 'helper.py'), 'v = {"known": 1}\n');
      symlinkSync(odd, join(odd, '../link'));

      const direct = await runHook(join(odd, name), '');
      const linked = await runHook(join(odd, '../link', name), '');

      expect(direct.stderr).toContain(`the init hook failed: ${join(odd, name)}:2: `);
      expect(linked.stderr).toContain(`the init hook failed: ${join(odd, '../link', name)}:2: `);
    },
  );
});

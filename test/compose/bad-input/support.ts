import { createHash } from 'node:crypto';
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { run } from '../../../src/system/process/process.js';
import { type CliResult, cliPath, runCli, runProgram } from '../../support/program.js';

/** Files of a case below its own directory: the content, or nothing to leave out a file of the valid ones. */
export type Files = Readonly<Record<string, string | Buffer | undefined>>;

/** The paths of the valid files. */
export const stackFile = 'repo/stack-orchestrator/stacks/app/stack.yml';
export const composeFile = 'repo/stack-orchestrator/compose/docker-compose-app.yml';
export const hookFile = 'repo/stack-orchestrator/stacks/app/deploy/commands.mjs';
/** The valid stack as `--stack` and `stack:` name it. */
export const stackPath = 'repo/stack-orchestrator/stacks/app';

/** A valid stack of one service and one job, and a valid spec for it. */
export const soundWorld = {
  [stackFile]: 'name: app\npods:\n  - app\njobs:\n  - tidy\n',
  [composeFile]: [
    'services:',
    '  web:',
    '    image: busybox:1.36',
    '    ports: ["80"]',
    '    environment:',
    '      GREETING: ${GREETING:-hello}',
    '    volumes:',
    '      - data:/data',
    'volumes:',
    '  data:',
    '',
  ].join('\n'),
  'repo/stack-orchestrator/compose-jobs/docker-compose-tidy.yml': 'services:\n  tidy:\n    image: busybox:1.36\n',
  'spec.yml': [
    `stack: ${stackPath}`,
    'deploy-to: compose',
    'config:',
    '  GREETING: good day',
    'volumes:',
    '  data: ./data/data',
    '',
  ].join('\n'),
} satisfies Files;

/** Another compose file or another spec in the place of the valid one. */
export const compose = (...lines: string[]): Files => ({ [composeFile]: `${lines.join('\n')}\n` });
export const spec = (...lines: string[]): Files => ({
  'spec.yml': [`stack: ${stackPath}`, 'deploy-to: compose', ...lines, ''].join('\n'),
});

/** The two commands that read a stack and a spec. */
export const init = ['--stack', stackPath, 'deploy', 'init', '--output', 'new-spec.yml'];
export const create = ['deploy', 'create', '--spec-file', 'spec.yml', '--deployment-dir', 'made'];

/** An invalid input, and the message for it. */
export interface BadInput {
  /** Continues "rejects …". */
  what: string;
  /** Changes to {@link soundWorld}. */
  files?: Files;
  args: readonly string[];
  /** The message contains each of these. */
  says: readonly (string | RegExp)[];
  /** 1 unless it is a usage error. */
  code?: 1 | 2;
  env?: NodeJS.ProcessEnv;
  /** Changes that files alone cannot express; `root` is the case's directory. */
  arrange?: (root: string) => Promise<void>;
  /** Relative to the case's directory. */
  cwd?: string;
  /** Runs without the privileges of root, so that file permissions apply. */
  ordinaryUser?: boolean;
}

/** An input that is accepted, possibly with a warning. */
export interface OddInput extends Omit<BadInput, 'code' | 'says'> {
  says?: readonly (string | RegExp)[];
  /** Checks of the case's directory after the command. */
  then?: (root: string, result: CliResult) => Promise<void>;
}

/** One test per row: the input is rejected with one message, and nothing changes on disk. The rows run in parallel. */
export function refuses(rows: readonly BadInput[]): void {
  it.concurrent.each(named(rows))('rejects %s', async (_, row) => {
    await inWorld(row, async (root) => {
      const before = await listing(root);
      const result = await call(row, root);
      expectRefusal(result, row);
      expect(await listing(root)).toEqual(before);
    });
  });
}

/** One test per row: the input is accepted with exit code 0. */
export function accepts(rows: readonly OddInput[]): void {
  it.concurrent.each(named(rows))('accepts %s', async (_, row) => {
    await inWorld(row, async (root) => {
      const result = await call(row, root);
      expect(result.stderr).not.toMatch(/^Error: /m);
      for (const text of row.says ?? []) expectText(result.stderr, text);
      expect(result.code).toBe(0);
      await row.then?.(root, result);
    });
  });
}

async function call(row: OddInput, root: string): Promise<CliResult> {
  const cwd = join(root, row.cwd ?? '');
  if (row.ordinaryUser !== true || process.getuid?.() !== 0) {
    // What hooks print is on the terminal, and what they leave running belongs to their process.
    const withHook = Object.keys(row.files ?? {}).some((path) => path.startsWith(dirname(hookFile)));
    return (withHook ? runProgram : runCli)(row.args, { cwd, env: row.env ?? {} });
  }
  const bound = '--bounding-set=-dac_override,-dac_read_search';
  const { code, stdout, stderr } = await run('setpriv', [bound, process.execPath, cliPath, ...row.args], { cwd });
  return { code, stdout, stderr };
}

function named<T extends { what: string }>(rows: readonly T[]): [string, T][] {
  return rows.map((row) => [row.what, row]);
}

/** Expects exactly one message on stderr without internals of the program, and nothing on stdout. */
export function expectRefusal(result: CliResult, row: Pick<BadInput, 'says' | 'code'>): void {
  const { code, stdout, stderr } = result;
  expect(stderr.match(/^Error: /gm) ?? [], stderr).toHaveLength(1);
  for (const text of row.says) expectText(stderr, text);
  expect(stderr).not.toMatch(/^\s+at |node:internal|\[object |undefined|bug in laconic-so|Traceback/m);
  // The operator's terminal must receive only text.
  expect(stderr).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
  expect(stdout).toBe('');
  expect(code).toBe(row.code ?? 1);
}

function expectText(whole: string, part: string | RegExp): void {
  if (typeof part === 'string') expect(whole).toContain(part);
  else expect(whole).toMatch(part);
}

/** Runs `work` in a directory with the valid files and the row's changes, and removes the directory. */
export async function inWorld(
  row: Pick<BadInput, 'files' | 'arrange'>,
  work: (root: string) => Promise<void>,
): Promise<void> {
  const root = await makeWorld(row.files ?? {});
  try {
    await row.arrange?.(root);
    await work(root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** A new directory with the valid files and these changes. The caller removes it. */
export async function makeWorld(files: Files): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'laconic-test-bad-'));
  for (const [path, content] of Object.entries({ ...soundWorld, ...files })) {
    if (content === undefined) continue;
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return root;
}

/** Everything below a directory: type, mode and content. */
export async function listing(root: string, below = ''): Promise<string[]> {
  const names = (await readdir(join(root, below))).sort();
  const lines: string[] = [];
  for (const name of names) {
    const path = join(below, name);
    const found = await lstat(join(root, path));
    const mode = found.mode.toString(8);
    if (found.isDirectory()) lines.push(`${path}/ ${mode}`, ...(await listing(root, path)));
    else if (found.isSymbolicLink()) lines.push(`${path} -> ${await readlink(join(root, path))}`);
    else if (found.isFile()) lines.push(`${path} ${mode} ${await checksum(join(root, path))}`);
    else lines.push(`${path} ${mode}`);
  }
  return lines;
}

async function checksum(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

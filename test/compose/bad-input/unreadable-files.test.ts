import { execFileSync } from 'node:child_process';
import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'vitest';
import {
  type BadInput,
  composeFile,
  create,
  type Files,
  hookFile,
  init,
  refuses,
  soundWorld,
  stackFile,
  stackPath,
} from './support.js';

/** The files that a command reads, and a command that reads them. */
const readers = [
  { file: stackFile, args: init },
  { file: composeFile, args: create },
  { file: 'spec.yml', args: create },
  { file: 'c.env', args: [...init, '--config-file', 'c.env'] },
  { file: 'secret.env', args: create, files: specWithCredentials() },
] satisfies { file: string; args: readonly string[]; files?: Files }[];

const yamlReaders = readers.slice(0, 3);

function specWithCredentials(): Files {
  return { 'spec.yml': `${soundWorld['spec.yml']}credentials-files: [secret.env]\n` };
}

/** One row per file. */
function each(
  which: readonly { file: string; args: readonly string[]; files?: Files }[],
  row: (file: string) => Omit<BadInput, 'args'>,
): BadInput[] {
  return which.map(({ file, args, files }) => {
    const made = row(file);
    return { ...made, what: `${made.what}: ${file.split('/').at(-1) ?? ''}`, files: { ...files, ...made.files }, args };
  });
}

const replacedBy =
  (file: string, put: (path: string) => Promise<void> | void) =>
  async (root: string): Promise<void> => {
    const path = join(root, file);
    await rm(path, { recursive: true, force: true });
    await put(path);
  };

/** Nine levels of nine aliases each: 9⁹ values in less than a kilobyte. */
const bomb = Array.from({ length: 9 }, (_, at) =>
  at === 0
    ? 'x-0: &a0 [lol]'
    : `x-${at}: &a${at} [${Array(9)
        .fill(`*a${at - 1}`)
        .join(', ')}]`,
).join('\n');

describe('files that cannot be read', () => {
  refuses([
    ...each(readers, (file) => ({
      what: 'a pipe without a writer',
      arrange: replacedBy(file, (path) => void execFileSync('mkfifo', [path])),
      // A stack or a compose file that is not a file counts as missing; a file that the operator names is reported with
      // its type.
      says: [file === stackFile || file === composeFile ? 'missing' : `${file}: it is not a regular file`],
    })),
    ...each(readers, (file) => ({
      what: 'a directory',
      arrange: replacedBy(file, async (path) => void (await mkdir(path))),
      says: [file === stackFile || file === composeFile ? 'missing' : `${file}: it is a directory, not a file`],
    })),
    ...each(readers, (file) => ({
      what: 'a link that leads to itself',
      arrange: replacedBy(file, (path) => symlink(path, path)),
      says: [file, 'ELOOP'],
    })),
    ...each(readers, (file) => ({
      what: 'a file without read permission',
      ordinaryUser: true,
      arrange: async (root) => {
        await writeFile(join(root, file), 'A=1\n', { flag: 'a' });
        await chmod(join(root, file), 0);
      },
      says: ['cannot read', file, 'permission denied'],
    })),
    ...each(readers, (file) => ({
      what: 'invalid UTF-8',
      arrange: replacedBy(file, (path) => writeFile(path, Buffer.from('A=1\n# \xe9t\xe9\n', 'latin1'))),
      says: [`${file}:2: holds bytes that are not UTF-8`],
    })),
    ...each(yamlReaders, (file) => ({
      what: 'a NUL byte',
      files: { [file]: 'stack: a\nx: \0\n' },
      says: [`${file}:2: holds the control character "\\u0000"`],
    })),
    ...each(yamlReaders, (file) => ({
      what: 'a file of more than 2 MiB',
      files: { [file]: `#${'x'.repeat(2 * 1024 * 1024)}\n` },
      says: [`${file}: is larger than 2 MiB`],
    })),
    ...each(yamlReaders, (file) => ({
      what: 'endlessly nested lists',
      files: { [file]: `x: ${'['.repeat(100_000)}` },
      says: [`${file}:1: is nested more than 200 levels deep`],
    })),
    ...each(yamlReaders, (file) => ({
      what: 'endlessly nested maps',
      files: { [file]: Array.from({ length: 1000 }, (_, at) => `${' '.repeat(at)}x:`).join('\n') },
      says: [`${file}:`, 'is nested more than 200 levels deep'],
    })),
    ...each(yamlReaders, (file) => ({
      what: 'an alias bomb',
      files: { [file]: `${bomb}\nstack: x\n` },
      says: [`${file}: its aliases (*name) expand to far more than they hold`],
    })),
    {
      what: 'a folder of the stack without search permission',
      ordinaryUser: true,
      arrange: async (root) => chmod(join(root, 'repo'), 0),
      args: create,
      says: ['repo', 'permission denied'],
    },
    {
      what: 'a configuration file without read permission',
      ordinaryUser: true,
      files: { 'repo/stack-orchestrator/config/app/page': 'x' },
      arrange: async (root) => chmod(join(root, 'repo/stack-orchestrator/config/app/page'), 0),
      args: create,
      says: ['cannot read', 'config/app/page', 'permission denied'],
    },
    {
      what: 'a configuration folder without read permission',
      ordinaryUser: true,
      files: { 'repo/stack-orchestrator/config/app/page': 'x' },
      arrange: async (root) => chmod(join(root, 'repo/stack-orchestrator/config/app'), 0),
      args: create,
      says: ['cannot read', 'config/app', 'permission denied'],
    },
    {
      what: 'a folder without read permission that is copied for a cluster',
      ordinaryUser: true,
      files: {
        'spec.yml': `stack: ${stackPath}\ndeploy-to: k8s-kind\n`,
        [composeFile]: 'services:\n  web:\n    image: busybox:1.36\n    volumes: ["../tools:/tools:ro"]\n',
        'repo/stack-orchestrator/tools/a': 'x',
      },
      arrange: async (root) => chmod(join(root, 'repo/stack-orchestrator/tools'), 0),
      args: create,
      says: [
        /compose-app\.yml:4 services\.web\.volumes\[0\]: \.\.\/tools cannot be copied to the cluster: cannot read \S+tools: EACCES/,
      ],
    },
    {
      what: 'a pipe among the configuration files',
      files: { 'repo/stack-orchestrator/config/app/page': 'x' },
      arrange: async (root) => void execFileSync('mkfifo', [join(root, 'repo/stack-orchestrator/config/app/pipe')]),
      args: create,
      says: ['config/app/pipe', 'neither a file, a directory nor a link'],
    },
    {
      what: 'a volume seed without read permission, leaving no directory behind',
      ordinaryUser: true,
      files: { 'repo/stack-orchestrator/config/data/page': 'x' },
      arrange: async (root) => chmod(join(root, 'repo/stack-orchestrator/config/data/page'), 0),
      args: create,
      says: ['config/data/page', 'permission denied'],
    },
    {
      what: 'hooks without read permission',
      ordinaryUser: true,
      files: { [hookFile]: 'export function create() {}\n' },
      arrange: async (root) => chmod(join(root, hookFile), 0),
      args: create,
      says: ['commands.mjs', 'permission denied'],
    },
    {
      what: 'a circular link among the configuration files',
      files: { 'repo/stack-orchestrator/config/app/page': 'x' },
      arrange: async (root) => symlink('.', join(root, 'repo/stack-orchestrator/config/app/circle')),
      args: create,
      says: ['config/app/circle', 'is a link to a folder that contains it'],
    },
    {
      what: 'a dangling link among the configuration files',
      files: { 'repo/stack-orchestrator/config/app/page': 'x' },
      arrange: async (root) => symlink('gone', join(root, 'repo/stack-orchestrator/config/app/nowhere')),
      args: create,
      says: ['config/app/nowhere -> gone leads to nothing'],
    },
    {
      what: 'a link among the configuration files to a file of this host',
      files: { 'repo/stack-orchestrator/config/app/page': 'x' },
      arrange: async (root) => symlink('/etc/passwd', join(root, 'repo/stack-orchestrator/config/app/users')),
      args: create,
      says: ["config/app/users -> /etc/passwd leads out of the stack's repository", 'links within the repository'],
    },
    {
      what: 'a configuration folder that is a link to a folder of this host',
      files: { 'repo/stack-orchestrator/config/other/page': 'x' },
      arrange: async (root) => symlink('/etc', join(root, 'repo/stack-orchestrator/config/app')),
      args: create,
      says: ["config/app -> /etc leads out of the stack's repository"],
    },
  ]);
});

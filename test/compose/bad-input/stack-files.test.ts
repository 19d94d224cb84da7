import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import {
  accepts,
  type BadInput,
  composeFile,
  create,
  type Files,
  init,
  refuses,
  stackFile,
  stackPath,
} from './support.js';

/** A stack.yml with these lines. */
const stack = (...lines: string[]): Files => ({ [stackFile]: `${lines.join('\n')}\n` });

/** A faulty stack stops init and create alike, so every second row goes through create. */
function bothWays(rows: readonly Omit<BadInput, 'args'>[]): BadInput[] {
  return rows.map((row, index) => ({ ...row, args: index % 2 === 0 ? init : create }));
}

describe('stack.yml', () => {
  refuses(
    bothWays([
      { what: 'an empty stack.yml', files: stack(''), says: [`${stackPath}/stack.yml`, 'is empty'] },
      { what: 'a stack.yml with only comments', files: stack('# nothing here'), says: ['is empty'] },
      { what: 'a stack.yml that is null', files: stack('~'), says: ['is empty'] },
      { what: 'a stack.yml that is a list', files: stack('- app'), says: ['must be a map of keys', 'found a list'] },
      { what: 'a stack.yml that is a string', files: stack('app'), says: ['must be a map of keys', 'found "app"'] },
      {
        what: 'a duplicate key, naming both lines',
        files: stack('name: app', 'pods: [app]', 'pods: [app]'),
        says: ['stack.yml:3', 'the key "pods" is here a second time, first on line 2'],
      },
      { what: 'an unterminated list', files: stack('pods: [app'), says: ['is not valid YAML'] },
      { what: 'a tab as indentation', files: stack('pods:', '\t- app'), says: ['stack.yml:2', 'is not valid YAML'] },
      { what: 'two documents in one file', files: stack('pods: [app]', '---', 'pods: [b]'), says: ['second document'] },
      { what: 'pods that are a string', files: stack('pods: app'), says: ['stack.yml:1 pods: must be a list of pods'] },
      { what: 'pods that are a map', files: stack('pods:', '  app: {}'), says: ['pods: must be a list of pods'] },
      {
        what: 'invalid names of pods, jobs, images, repositories and packages',
        files: stack(
          'pods:',
          '  - 8',
          '  -',
          '  - ../../etc',
          '  - my pod',
          `  - "a'b"`,
          '  - "a\\nb"',
          '  - "--help"',
          '  - ""',
          '  - "\\e[31mred"',
          'jobs: [{image: x}, a/b]',
          'containers: ["-a/b"]',
          'repos: {a: b}',
          'npms: [1]',
        ),
        says: [
          'stack.yml:2 pods[0]: must be the name of a pod, or a map',
          'stack.yml:3 pods[1]: must be the name of a pod, or a map',
          'stack.yml:4 pods[2]: "../../etc" is not a name: letters, digits',
          'pods[3]: "my pod" is not a name',
          `pods[4]: "a'b" is not a name`,
          'pods[5]: "a\\nb" is not a name',
          'pods[6]: "--help" is not a name',
          'pods[7]: must not be empty',
          'pods[8]: "\\u001b[31mred" is not a name',
          'stack.yml:11 jobs[0].name: is missing',
          'stack.yml:11 jobs[1]: "a/b" is not a name',
          'stack.yml:12 containers[0]: must be an image name without spaces, quotes or a leading "-"',
          'stack.yml:13 repos: must be a list of repositories',
          'stack.yml:14 npms[0]: must be a package name, found 1',
        ],
      },
      { what: 'a duplicate pod', files: stack('pods: [app, app]'), says: ['pods[1]', 'a second time'] },
      {
        what: 'a pod as a map without a name',
        files: stack('pods:', '  - repository: org/app', '    path: .'),
        says: ['pods[0].name', 'is missing'],
      },
      {
        what: 'a pod with a repository but no path',
        files: stack('pods:', '  - name: app', '    repository: org/app'),
        says: ['pods[0]', 'path', 'is missing', '"." for its root'],
      },
      {
        what: 'a pod whose path leads outside its repository',
        files: stack('pods:', '  - name: app', '    repository: org/app', '    path: ../../etc'),
        says: ['pods[0].path', '".." is not allowed'],
      },
      {
        what: 'a pod whose path is absolute',
        files: stack('pods:', '  - name: app', '    repository: org/app', '    path: /etc'),
        says: ['pods[0].path', 'must be relative'],
      },
      {
        what: 'a repository that looks like an option of git',
        files: stack('pods:', '  - name: app', '    repository: --upload-pack=x', '    path: .'),
        says: ['pods[0].repository', 'must be [host/]org/repository'],
      },
      {
        what: 'a start script outside its repository',
        files: stack(
          'pods:',
          '  - name: app',
          '    repository: org/app',
          '    path: .',
          '    pre_start_command: ../../../bin/sh',
        ),
        says: ['pods[0].pre_start_command', '".." is not allowed'],
      },
      {
        what: 'a start script of a pod without a repository',
        files: stack('pods:', '  - name: app', '    path: app', '    post_start_command: run.sh'),
        says: ['pods[0].post_start_command', 'only a pod with a repository'],
      },
      {
        what: 'a pod whose repository was not cloned',
        files: stack('pods:', '  - name: app', '    repository: org/never-cloned', '    path: .'),
        says: ['compose file of pod app is missing', 'never-cloned/docker-compose.yml', 'setup-repositories'],
      },
      {
        what: 'jobs that are a map',
        files: stack('pods: [app]', 'jobs: {a: b}'),
        says: ['jobs: must be a list of jobs'],
      },
      { what: 'a config: that is a list', files: stack('config: [a]'), says: ['config: must be a map'] },
      {
        what: 'a transfer without a source',
        files: stack('pods: [app]', 'config:', '  web:', '    KEY: nowhere'),
        says: ['stack.yml:4 config.web.KEY', 'must be <service>.<variable>'],
      },
      {
        what: 'a transfer of a variable that is shell code',
        files: stack('pods: [app]', 'config:', '  web:', '    "K; reboot": a.b'),
        says: ['config.web', 'is not a name'],
      },
      {
        what: 'all problems at once',
        files: stack('pods: [a b]', 'jobs: 3', 'containers: [4]', 'config: 5'),
        says: ['stack.yml:1 pods[0]', 'stack.yml:2 jobs', 'stack.yml:3 containers[0]', 'stack.yml:4 config'],
      },
    ]),
  );
});

describe('the location of a stack', () => {
  const missing = ['deploy', 'init', '--output', 'x.yml'];
  refuses([
    {
      what: 'a missing stack',
      args: ['--stack', 'nope/at/all', ...missing],
      says: ['stack nope/at/all does not exist'],
    },
    {
      what: 'a misspelt bundled stack',
      args: ['--stack', 'tset', ...missing],
      says: ['stack tset does not exist', 'did you mean "test"'],
    },
    { what: 'an empty --stack', args: ['--stack', '', ...missing], says: ['"" is not the name or path of a stack'] },
    { what: 'a blank --stack', args: ['--stack', '  ', ...missing], says: ['is not the name or path of a stack'] },
    { what: 'a --stack of only dots', args: ['--stack', '../../..', ...missing], says: ['stack'] },
    {
      what: 'a directory without stack.yml',
      args: ['--stack', 'repo', ...missing],
      says: ['stack.yml file is missing from stack: repo', 'there is no stack.yml in it'],
    },
    {
      what: 'a spec whose stack is missing',
      files: { 'spec.yml': 'stack: gone/away\ndeploy-to: compose\n' },
      args: create,
      says: ['stack gone/away does not exist'],
    },
    {
      what: 'a very long --stack',
      args: ['--stack', 'x'.repeat(5000), ...missing],
      says: ['stack'],
    },
    { what: 'a --stack with a line break', args: ['--stack', 'a\nb', ...missing], says: ['stack'] },
    {
      what: 'a pod without a compose file, naming both places searched',
      files: { [composeFile]: undefined },
      args: init,
      says: [
        'compose file of pod app is missing',
        `${stackPath.replace('stacks/app', 'compose')}/docker-compose-app.yml`,
      ],
    },
  ]);

  accepts([
    {
      what: 'a bundled stack although a folder here has its name',
      arrange: async (root) => void (await mkdir(join(root, 'test'))),
      args: ['--stack', 'test', ...missing],
      then: async (root) => expect(await readFile(join(root, 'x.yml'), 'utf8')).toContain('stack: test\n'),
    },
    { what: 'the path of stack.yml', args: ['--stack', stackFile, ...missing] },
    { what: 'a path of one component', cwd: 'repo/stack-orchestrator/stacks', args: ['--stack', 'app', ...missing] },
    { what: 'the current directory', cwd: stackPath, args: ['--stack', '.', ...missing] },
    {
      what: 'old and new forms of pods in one list, and null sections',
      files: {
        ...stack(
          'pods:',
          '  - app',
          '  - name: b',
          '    repository: internal',
          '    path: b',
          'jobs:',
          'repos:',
          'config:',
        ),
        'repo/stack-orchestrator/compose/docker-compose-b.yml': 'services:\n',
      },
      args: create,
      then: async (root) =>
        expect(await readFile(join(root, 'made/compose/docker-compose-b.yml'), 'utf8')).toBe('services:\n'),
    },
    {
      what: 'a stack with only jobs',
      files: { ...stack('jobs: [tidy]'), 'spec.yml': `stack: ${stackPath}\ndeploy-to: compose\n` },
      args: create,
    },
    {
      what: 'a job without a file, with a warning',
      files: stack('pods: [app]', 'jobs: [gone]'),
      args: create,
      says: ['stack.yml:2 jobs[0]: job gone cannot be run: there is no compose-jobs/docker-compose-gone.yml'],
    },
    {
      what: 'unknown keys, with a warning',
      files: stack('pods: [app]', 'color: blue'),
      args: create,
      says: ['WARNING: ', 'stack.yml:2 color: is not a key that anything reads'],
    },
  ]);
});

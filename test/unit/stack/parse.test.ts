import { describe, expect, it } from 'vitest';
import { parseStack } from '../../../src/stack/parse.js';
import { formatProblem } from '../../../src/system/errors.js';
import { problemsOf } from '../../support/problems.js';

const parse = (text: string) => parseStack(text, 'stack.yml');
const refused = (text: string): string[] => problemsOf(() => parse(text));

describe('stack.yml', () => {
  it('has every key in the parsed form', () => {
    const stack = parse(`
version: 1.10
name: demo
description: "An example"
repos: [github.com/org/app@v1.2.3, org/tool]
containers: [cerc/app]
npms: [app-sdk]
pods: [web]
jobs: [migrate, {name: seed}]
config:
  cli:
    key: app.mykey
    other: my.app.other
`);
    expect(stack).toMatchObject({
      version: '1.10',
      name: 'demo',
      description: 'An example',
      repos: ['github.com/org/app@v1.2.3', 'org/tool'],
      containers: ['cerc/app'],
      npms: ['app-sdk'],
      pods: [{ name: 'web', path: 'web' }],
      jobs: ['migrate', 'seed'],
      transfers: [
        { service: 'cli', variable: 'key', fromService: 'app', fromVariable: 'mykey' },
        { service: 'cli', variable: 'other', fromService: 'my.app', fromVariable: 'other' },
      ],
      warnings: [],
    });
  });

  it('may have null and missing sections, which are empty', () => {
    const empty = { repos: [], containers: [], npms: [], pods: [], jobs: [], transfers: [] };
    expect(parse('repos:\ncontainers: ~\nnpms:\npods:\njobs:\nconfig:\n  web:\n')).toMatchObject(empty);
    expect(parse('name: x')).toMatchObject(empty);
  });

  it('may list old and new forms of pods together', () => {
    const stack = parse(`
pods:
  - plain
  - name: gitea
    repository: git.example.org:3000/cerc-io/hosting@v2@v3
    path: ./gitea/
    pre_start_command: ./run-this-first.sh
    post_start_command: scripts/init.sh
  - {name: root, repository: test-restart-pod-a, path: .}
  - {name: mine, repository: internal, path: other}
  - {name: bare, repository: }
`);
    expect(stack.pods).toEqual([
      { name: 'plain', path: 'plain' },
      {
        name: 'gitea',
        repository: 'git.example.org:3000/cerc-io/hosting',
        ref: 'v3',
        path: 'gitea',
        preStartCommand: 'run-this-first.sh',
        postStartCommand: 'scripts/init.sh',
      },
      { name: 'root', repository: 'test-restart-pod-a', path: '.' },
      { name: 'mine', path: 'other' },
      { name: 'bare', path: 'bare' },
    ]);
  });

  it('is returned with its unknown keys, without x- keys', () => {
    const stack = parse('pods:\n  - {name: a, x-note: 1, color: red}\ncontainer: [a/b]\nx-y: 1\n');
    expect(stack.warnings.map(formatProblem)).toEqual([
      'stack.yml:2 pods[0].color: is not a key that anything reads; known here: name, repository, path, pre_start_command, post_start_command',
      'stack.yml:3 container: is not a key that anything reads, did you mean "containers"?',
    ]);
  });
});

describe('the parser of a stack.yml', () => {
  it('reports every problem with line, key and what is allowed', () => {
    expect(
      refused(`
pod: [x]
pods:
  - web
  - 7
  - {name: a, repository: org/r}
  - {name: b, pre_start_command: x.sh}
  - web
jobs: migrate
containers: {a: b}
config:
  cli: {key: novalue}
`),
    ).toEqual([
      'stack.yml:2 pod: is not a key that anything reads, did you mean "pods"?',
      'stack.yml:5 pods[1]: must be the name of a pod, or a map with name, repository and path, found 7',
      'stack.yml:6 pods[2].path: is missing: it must be a folder of the repository, "." for its root',
      'stack.yml:7 pods[3].pre_start_command: only a pod with a repository has scripts',
      'stack.yml:8 pods[4]: "web" is here a second time, first on line 4',
      'stack.yml:9 jobs: must be a list of jobs, found "migrate"',
      'stack.yml:10 containers: must be a list of image names, found a map',
      'stack.yml:12 config.cli.key: must be <service>.<variable>, found "novalue"',
    ]);
  });

  it.each([
    ['an empty file', '', 'stack.yml: is empty: a stack names at least its pods'],
    ['only comments', '# x\n', 'stack.yml: is empty: a stack names at least its pods'],
    ['a list', '- a\n', 'stack.yml: must be a map of keys such as name and pods, found a list'],
    ['text', 'hello', 'stack.yml: must be a map of keys such as name and pods, found "hello"'],
  ])('rejects %s', (_what, text, message) => {
    expect(refused(text)).toEqual([message]);
  });

  it.each(['../up', '/abs', 'a b', "a'b", 'a"b', 'a\nb', '-rf', '', '.', '..', '.hidden', 'a/b', 'é', '$(x)', '~'])(
    'rejects the name %j for pods and jobs',
    (name) => {
      const text = JSON.stringify(name);
      expect(refused(`pods: [${text}]\njobs: [${text}, {name: ${text}}]`)).toHaveLength(3);
      expect(refused(`pods: [{name: ${text}, repository: org/r, path: .}]`)).toHaveLength(1);
      expect(refused(`pods: [{name: a, path: ${text === '""' ? '".."' : text}}]`)).toHaveLength(1);
    },
  );

  it.each(['../up', 'a/../../b', '/abs', '~/x', 'a b', "a'b", 'a\nb', '-x', 'a/-x', '$x'])(
    'rejects the path %j, which leaves the repository',
    (path) => {
      const pod = (key: string): string =>
        `pods: [{name: a, repository: o/r, ${key === 'path' ? '' : 'path: ., '}${key}: ${JSON.stringify(path)}}]`;
      for (const key of ['path', 'pre_start_command', 'post_start_command']) {
        expect(refused(pod(key))).toEqual([expect.stringContaining(`pods[0].${key}: `)]);
      }
    },
  );

  it.each([
    '../r',
    'o/..',
    '/o/r',
    'o//r',
    'o/r/',
    'o/r s',
    '-o/r',
    'o/-r',
    'o/r@-x',
    'o/r@',
    'o/r@a b',
    "o/r'",
    'o/.git',
  ])('rejects the repository %j', (repository) => {
    expect(refused(`pods: [{name: a, path: ., repository: ${JSON.stringify(repository)}}]`)).toEqual([
      expect.stringContaining('pods[0].repository: '),
    ]);
  });

  it.each(['-x', 'a b', "a'b", '', 'a\nb'])('rejects %j as a repository, image or package', (word) => {
    const list = `[${JSON.stringify(word)}]`;
    expect(refused(`repos: ${list}\ncontainers: ${list}\nnpms: ${list}`)).toHaveLength(3);
  });

  it.each(['a;b', 'a b', '../x', "a'"])('rejects %j as the name of a transferred value', (name) => {
    const text = JSON.stringify(name);
    expect(refused(`config: {cli: {${text}: app.x}}`)).toHaveLength(1);
    expect(refused(`config: {cli: {x: ${JSON.stringify(`app.${name}`)}}}`)).toHaveLength(1);
  });
});

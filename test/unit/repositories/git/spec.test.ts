import { describe, expect, it } from 'vitest';
import { refProblem } from '../../../../src/repositories/git/ref.js';
import { parseRepositorySpec, remoteUrl } from '../../../../src/repositories/git/spec.js';

describe('repository specifications', () => {
  it.each([
    ['org/repo', 'https://github.com/org/repo', 'git@github.com:org/repo', 'repo', undefined],
    [
      'git.example.org/org/repo@v1.2',
      'https://git.example.org/org/repo',
      'git@git.example.org:org/repo',
      'repo',
      'v1.2',
    ],
    [
      'org/repo@telackey/entrypoint',
      'https://github.com/org/repo',
      'git@github.com:org/repo',
      'repo',
      'telackey/entrypoint',
    ],
    ['org/repo@', 'https://github.com/org/repo', 'git@github.com:org/repo', 'repo', undefined],
    [
      'Host.Example:3000/org/repo',
      'https://host.example:3000/org/repo',
      'ssh://git@host.example:3000/org/repo',
      'repo',
      undefined,
    ],
    [
      'gitlab.com/group/sub/repo.git',
      'https://gitlab.com/group/sub/repo.git',
      'git@gitlab.com:group/sub/repo.git',
      'repo',
      undefined,
    ],
    ['org/.github', 'https://github.com/org/.github', 'git@github.com:org/.github', '.github', undefined],
  ])('%s', (text, https, ssh, name, ref) => {
    const spec = parseRepositorySpec(text);
    expect([remoteUrl(spec, false), remoteUrl(spec, true), spec.name, spec.ref]).toEqual([https, ssh, name, ref]);
  });

  it.each([
    ['https://git.example.org/org/repo.git@v1', 'https://git.example.org/org/repo.git', 'v1'],
    ['https://me@git.example.org:8443/org/repo', 'https://me@git.example.org:8443/org/repo', undefined],
    ['ssh://git@git.example.org:2222/org/repo@main', 'ssh://git@git.example.org:2222/org/repo', 'main'],
    ['git@github.com:org/repo.git@v1', 'git@github.com:org/repo.git', 'v1'],
    ['git://[::1]:9418/org/repo', 'git://[::1]:9418/org/repo', undefined],
    ['file:///srv/git/repo.git@v1', 'file:///srv/git/repo.git', 'v1'],
  ])('keep a URL as it is with --git-ssh: %s', (text, url, ref) => {
    const spec = parseRepositorySpec(text);
    expect([remoteUrl(spec, false), remoteUrl(spec, true), spec.ref, spec.name]).toEqual([url, url, ref, 'repo']);
  });

  it.each([
    'repo',
    '',
    '/',
    'org/',
    '/repo',
    'org//repo',
    './repo',
    '../repo',
    'org/..',
    'org/.',
    'org/.git',
    'org/..git',
    'host/org/../repo',
    'org/-repo',
    '-org/repo',
    '--upload-pack=x/repo',
    '-oProxyCommand=x/org/repo',
    'org/~',
    'org/~root',
    'ext::sh -c x',
    'ext::sh/-c/x',
    'fd::17/foo',
    'a::b/c',
    'ext::https://github.com/org/repo',
    'ext://host/org/repo',
    'ftp://host/org/repo',
    'HTTPS://host/org/repo',
    'file://host/org/repo',
    'file://./repo',
    'https:///org/repo',
    'ssh://-oProxyCommand=x/org/repo',
    'ssh://-x@host/org/repo',
    '-x@host:org/repo',
    'git@-x:org/repo',
    'git@host:-x/repo',
    'https://user:secret@host/org/repo',
    'host:0/org/repo',
    'host:99999/org/repo',
    'host:22x/org/repo',
    'org:22/repo',
    'org/repo\n',
    'org/re\u0000po',
    'org/repo name',
    'org/rep\u00f6',
    'org/repo;id',
    'org/$(id)',
    'org/`id`',
    'org\\repo/x',
    'org/repo@-x',
    'org/repo@--upload-pack=x',
    'org/repo@a@b',
    'org/repo@a..b',
    'org/repo@main~1',
    'org/repo@v1^{}',
    'org/repo@HEAD',
    'org/repo@@{u}',
    'org/repo@a:b',
    'org/repo@x.lock',
    'org/repo@/x',
    'org/repo@x/',
    'org/repo@.x',
    'org/.alpha.123-0123456789ab.tmp',
    `org/${'x'.repeat(600)}`,
    'a..b/org/repo',
  ])('reject %j in one message', (text) => {
    expect(() => parseRepositorySpec(text)).toThrow(/^Invalid repository format: [^\n]*$/);
  });

  it('reject a password where others could read it, and never show it', () => {
    expect(() => parseRepositorySpec('https://user:s3cret@host/org/repo')).toThrow(/credential helper/);
  });
});

describe('refs of repositories', () => {
  it.each(['main', 'v1.0.0', 'release/2.x', 'feature#12', 'a-b_c+d', '1a2b3c4', 'dependabot/npm_and_yarn/x-1.0'])(
    '%s',
    (ref) => {
      expect(refProblem(ref)).toBeUndefined();
    },
  );
});

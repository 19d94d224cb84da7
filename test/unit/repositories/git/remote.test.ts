import { describe, expect, it } from 'vitest';
import { isOriginOf, rewriteUrl, sshHostOf, withoutCredentials } from '../../../../src/repositories/git/remote.js';
import { parseRepositorySpec } from '../../../../src/repositories/git/spec.js';

describe('the origin of a working copy', () => {
  const spec = parseRepositorySpec('github.com/Org/repo');

  it.each([
    'https://github.com/Org/repo',
    'https://github.com/org/repo.git',
    'https://github.com/org/repo/',
    'https://token@github.com/org/repo',
    'https://user:secret@github.com:443/org/repo',
    'http://github.com/org/repo',
    'git@github.com:org/repo.git',
    'github.com:org/repo',
    'git@github.com:/org/repo',
    'ssh://git@github.com/org/repo',
    'ssh://git@github.com:22/org/repo.git',
    'git+ssh://git@GitHub.com/org/repo',
  ])('is the repository of the spec: %s', (origin) => {
    expect(isOriginOf(spec, origin, [])).toBe(true);
  });

  it.each([
    'https://github.com/other/repo',
    'https://gitlab.com/org/repo',
    'https://github.com:8443/org/repo',
    'ssh://git@github.com:2222/org/repo',
    'https://github.com/org/repo2',
    'https://github.com.example/org/repo',
    'https://example.org/github.com/org/repo',
    'https://github.com@example.org/org/repo',
    '/srv/github.com/org/repo',
    'file:///org/repo',
    'org/repo',
    '',
  ])('is another repository: %s', (origin) => {
    expect(isOriginOf(spec, origin, [])).toBe(false);
  });

  it('is compared after insteadOf on both sides', () => {
    const rules = [
      { base: 'https://mirror.example/gh/', prefix: 'https://github.com/' },
      { base: 'git@github.com:', prefix: 'gh:' },
    ];
    expect(isOriginOf(spec, 'https://mirror.example/gh/org/repo', rules)).toBe(true);
    expect(isOriginOf(spec, 'gh:org/repo', rules)).toBe(true);
    expect(isOriginOf(spec, 'https://mirror.example/gh/org/other', rules)).toBe(false);
  });

  it('is rewritten by the longest matching insteadOf prefix, as in git', () => {
    const rules = [
      { base: 'a:', prefix: 'https://github.com/' },
      { base: 'b:', prefix: 'https://github.com/org/' },
      { base: 'c:', prefix: '' },
    ];
    expect(rewriteUrl('https://github.com/org/repo', rules)).toBe('b:repo');
    expect(rewriteUrl('https://example.org/x', rules)).toBe('https://example.org/x');
  });
});

describe('URLs of repositories', () => {
  it.each([
    ['git@github.com:org/repo', { host: 'github.com', port: 22 }],
    ['ssh://git@host:2222/org/repo', { host: 'host', port: 2222 }],
    ['https://github.com/org/repo', undefined],
    ['/srv/git/repo', undefined],
  ])('name the ssh server they lead to: %s', (url, host) => {
    expect(sshHostOf(url)).toEqual(host);
  });

  it('are shown without credentials', () => {
    expect(withoutCredentials("fatal: unable to access 'https://me:s3cret@host/x': no")).not.toContain('s3cret');
    expect(withoutCredentials('https://ghp_token@github.com/x')).toBe('https://***@github.com/x');
    expect(withoutCredentials('ssh://git:pw@host/x')).not.toContain('pw@');
    expect(withoutCredentials('git@host:org/repo')).toBe('git@host:org/repo');
  });
});

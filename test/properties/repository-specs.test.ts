import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { refProblem } from '../../src/repositories/git/ref.js';
import { isOriginOf } from '../../src/repositories/git/remote.js';
import { parseRepositorySpec, type RepositorySpec, remoteUrl } from '../../src/repositories/git/spec.js';
import { LaconicError } from '../../src/system/errors.js';

function parsed(text: string): RepositorySpec | undefined {
  try {
    return parseRepositorySpec(text);
  } catch (error) {
    if (error instanceof LaconicError) return undefined;
    throw error;
  }
}

/** Text composed of pieces of attacks and mistakes. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'ext::',
        'fd::',
        '://',
        ':',
        '/',
        '//',
        '..',
        '.',
        '-',
        '--',
        '@',
        '@{',
        '~',
        '%2e',
        '\\',
        '\n',
        '\0',
        ' ',
      ),
      fc.constantFrom(
        'https',
        'ssh',
        'file',
        'git',
        'github.com',
        'org',
        'repo',
        '.git',
        'u',
        '--upload-pack=',
        '$(id)',
        '22',
        '[::1]',
      ),
      fc.string({ unit: 'binary', maxLength: 3 }),
    ),
    { maxLength: 10 },
  )
  .map((pieces) => pieces.join(''));

const name = fc
  .stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,10}[A-Za-z0-9]$/)
  .filter((text) => !text.endsWith('.git'));
const ref = fc.stringMatching(/^[a-z0-9][a-z0-9/._+-]{0,12}$/).filter((text) => refProblem(text) === undefined);

it('an accepted specification has no option, other transport or control character, and stays inside the base directory', () => {
  fc.assert(
    fc.property(hostile, fc.boolean(), (text, gitSsh) => {
      const spec = parsed(text);
      if (spec === undefined) return;
      const url = remoteUrl(spec, gitSsh);
      expect(url).toMatch(/^(https|http|ssh|git|file):\/\/|^[a-z0-9_][a-z0-9._-]*@[a-z0-9_[]/i);
      expect(url).not.toMatch(/::(?!.*\])|[\s\p{Cc}\\]/u);
      expect(spec.name).toMatch(/^[^/~-][^/]*$/);
      expect(['.', '..', '.git']).not.toContain(spec.name);
      expect(join('/base', spec.name)).toBe(`/base/${spec.name}`);
      expect(spec.path.split('/')).not.toContain('..');
      expect(spec.ref ?? 'main').toMatch(/^[^-]/);
    }),
    { numRuns: 5000 },
  );
});

it('a valid specification is read back', () => {
  fc.assert(
    fc.property(
      fc.option(name, { nil: undefined }),
      name,
      name,
      fc.option(ref, { nil: undefined }),
      (host, org, repo, at) => {
        const entry = [...(host === undefined ? [] : [host]), org, repo].join('/');
        const spec = parsed(at === undefined ? entry : `${entry}@${at}`);
        if (host?.includes('..') === true) return;
        expect(spec).toMatchObject({
          entry,
          host: (host ?? 'github.com').toLowerCase(),
          path: `${org}/${repo}`,
          name: repo,
        });
        expect(spec?.ref).toBe(at);
      },
    ),
  );
});

it('a clone of a specification is always recognized, over https and ssh, with and without .git', () => {
  fc.assert(
    fc.property(name, name, name, fc.boolean(), fc.boolean(), (host, org, repo, gitSsh, suffix) => {
      const spec = parsed(`${host}/${org}/${repo}`);
      if (spec === undefined) return;
      expect(isOriginOf(spec, `${remoteUrl(spec, gitSsh)}${suffix ? '.git' : ''}`, [])).toBe(true);
      expect(isOriginOf(spec, remoteUrl({ ...spec, path: `${spec.path}x` }, gitSsh), [])).toBe(false);
    }),
  );
});

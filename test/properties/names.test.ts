import { relative, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expandHome, insidePathProblem, nameProblem } from '../../src/system/files/path-names.js';
import { nearMiss } from '../../src/system/suggest.js';

const pathLike = fc.oneof(
  fc.string(),
  fc
    .array(fc.constantFrom('..', '.', 'a', 'b c', '-x', '~', '', '.hidden', 'é', '"', '\n'), { maxLength: 6 })
    .map((parts) => parts.join('/')),
);

describe('names and paths from stacks and specs', () => {
  it('are one path component, and never look like an option', () => {
    fc.assert(
      fc.property(pathLike, (text) => {
        if (nameProblem(text) !== undefined) return;
        expect(resolve('/base', text)).toBe(`/base/${text}`);
        expect(text).not.toMatch(/^-|[\s'"\\$]/);
      }),
    );
  });

  it('stay inside their folder as paths', () => {
    fc.assert(
      fc.property(pathLike, (text) => {
        if (insidePathProblem(text) !== undefined) return;
        expect(relative('/base', resolve('/base', text))).not.toMatch(/^\.\.(\/|$)/);
        expect(text).not.toMatch(/(^|\/)-|[\s'"\\$~]/);
      }),
    );
  });

  it('are shown on one line when they are rejected', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const problem of [nameProblem(text), insidePathProblem(text)]) {
          expect(problem ?? '').not.toMatch(/[\p{Cc}\u2028\u2029]/u);
        }
      }),
    );
  });

  it('have the home directory in place of a leading ~ only', () => {
    expect(['~', '~/x', '~x', 'a/~', '/~'].map((path) => expandHome(path, '/home/me'))).toEqual([
      '/home/me',
      '/home/me/x',
      '~x',
      'a/~',
      '/~',
    ]);
  });

  it('with one typing error are recognized as near misses', () => {
    const known = ['network', 'volumes', 'credentials-files'];
    fc.assert(
      fc.property(fc.constantFrom(...known), fc.nat(), (name, at) => {
        const place = at % name.length;
        expect(nearMiss(name.slice(0, place) + name.slice(place + 1), known)).toBe(name);
      }),
    );
    expect(nearMiss('k'.repeat(1_000_000), known)).toBeUndefined();
  });
});

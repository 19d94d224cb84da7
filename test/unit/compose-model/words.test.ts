import { describe, expect, it } from 'vitest';
import { splitWords } from '../../../src/compose/words.js';

describe('a command as text (held against Compose in test/compose/model-generated.test.ts)', () => {
  it.each([
    ['a  b\tc\nd', ['a', 'b', 'c', 'd']],
    [`sh -c "a 'b' \\"c\\"" 'd "e" \\f'`, ['sh', '-c', `a 'b' "c"`, `d "e" \\f`]],
    [`a"b"'c'd`, ['abcd']],
    [`"" ''`, ['', '']],
    ['a\\ b', ['a b']],
    ['`a b` $(c d)', ['`a b`', '$(c d)']],
    ['$HOME *.txt #x', ['$HOME', '*.txt', '#x']],
    ['', []],
  ])('%j', (text, words) => {
    expect(splitWords(text)).toEqual({ words });
  });

  it.each([
    ['a && b', ['a'], '&& b'],
    ['a; b', ['a'], '; b'],
    ['a 2>/dev/null', ['a'], '>/dev/null'],
    ['a x>y', ['a', 'x'], '>y'],
    ['| a', [], '| a'],
  ])('%j leaves out what Compose leaves out', (text, words, ignored) => {
    expect(splitWords(text)).toEqual({ words, ignored });
  });

  it.each(['"a', "'a", 'a\\', '`a', '$(a', 'a)', '(a)', '$((a))'])('%j is refused', (text) => {
    expect(splitWords(text)).toBeUndefined();
  });
});

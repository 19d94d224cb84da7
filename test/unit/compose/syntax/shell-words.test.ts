import { describe, expect, it } from 'vitest';
import { splitWords } from '../../../../src/compose/syntax/shell-words.js';

describe('a command written as text, split as Compose splits it', () => {
  it.each([
    ['a  b\tc\nd', ['a', 'b', 'c', 'd']],
    [`sh -c "a 'b' \\"c\\"" 'd "e" \\f'`, ['sh', '-c', `a 'b' "c"`, `d "e" \\f`]],
    [`a"b"'c'd`, ['abcd']],
    [`"" ''`, ['', '']],
    ['a\\ b', ['a b']],
    ['`a b` $(c d)', ['`a b`', '$(c d)']],
    ['$HOME *.txt #x', ['$HOME', '*.txt', '#x']],
    ['', []],
  ])('splits %j', (text, words) => {
    expect(splitWords(text)).toEqual({ words });
  });

  it.each([
    ['a && b', ['a'], '&& b'],
    ['a; b', ['a'], '; b'],
    ['a 2>/dev/null', ['a'], '>/dev/null'],
    ['a x>y', ['a', 'x'], '>y'],
    ['| a', [], '| a'],
  ])('leaves out of %j what Compose leaves out', (text, words, ignored) => {
    expect(splitWords(text)).toEqual({ words, ignored });
  });

  it.each(['"a', "'a", 'a\\', '`a', '$(a', 'a)', '(a)', '$((a))'])('rejects %j', (text) => {
    expect(splitWords(text)).toBeUndefined();
  });
});

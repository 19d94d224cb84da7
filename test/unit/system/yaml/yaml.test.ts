import { describe, expect, it } from 'vitest';
import { formatKeyPath, parseYaml, quote, scalarText } from '../../../../src/system/yaml/yaml.js';
import { problemsOf } from '../../../support/problems.js';

const refused = (text: string): string[] => problemsOf(() => parseYaml(text, 'f.yml'));

/** `a: &a [x…]`, `b: &b [*a…]`, …: each line has nine times as many items as the one before. */
const bomb = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
  .map((name, index, names) => {
    const item = index === 0 ? 'x' : `*${names[index - 1] ?? ''}`;
    return `${name}: &${name} [${Array(9).fill(item).join(',')}]`;
  })
  .join('\n');

describe('the YAML parser', () => {
  it.each([
    ['an alias bomb', bomb, 'f.yml: its aliases (*name) expand to far more than they hold: write out what is meant'],
    ['unterminated flow lists', '['.repeat(20_000), 'f.yml:1: is nested more than 200 levels deep'],
    ['deep flow maps', `${'{a: '.repeat(8000)}1${'}'.repeat(8000)}`, 'f.yml:1: is nested more than 200 levels deep'],
    ['deep block lists', `${'- '.repeat(3000)}x`, 'f.yml:1: is nested more than 200 levels deep'],
    ['a duplicate key', 'a: 1\nb: 2\na: 3\na: 4\n', 'f.yml:3: the key "a" is here a second time, first on line 1'],
    ['keys that are equal as text', '1: a\n"1": b\n', 'f.yml:2: the key "1" is here a second time, first on line 1'],
    ['a key that is a list', '[a]: 1\n', 'f.yml:1: a key must be plain text, not a map, a list or an alias'],
    ['a tab', 'a:\n\tb: 1\n', 'f.yml:2: is not valid YAML: Tabs are not allowed as indentation'],
    [
      'binary content',
      'PK\u0003\u0004\n\0',
      'f.yml:1: holds the control character "\\u0003": this is not a YAML text file',
    ],
    ['bytes that are not UTF-8', 'a: 1\nb: \ufffd\n', 'f.yml:2: holds bytes that are not UTF-8: save it as UTF-8'],
    [
      'two documents',
      'a: 1\n---\nb: 2\n',
      'f.yml:2: a second document starts here (---): one file holds one; write all in one, or make two files of it',
    ],
    [
      'an unknown alias',
      'a: *nope\n',
      'f.yml:1: this is an alias (*name), but its anchor (&name) is not above it: text that starts with * needs quotes',
    ],
    ['an alias inside itself', 'a: &a\n  b: *a\n', 'f.yml:2: *a contains itself'],
    ['too much text', `a: ${'x'.repeat(2 ** 21)}`, 'f.yml: is larger than 2 MiB'],
  ])('rejects %s in one clear message', (_what, text, message) => {
    expect(refused(text)).toEqual([message]);
  });

  it('reports independent mistakes together', () => {
    expect(refused('a: *x\nb: 1\nb: 2\nc: "open\n').length).toBeGreaterThan(1);
  });

  it('accepts an anchor that a large file shares often', () => {
    const services = Array.from({ length: 1500 }, (_, index) => `s${index}: {<<: *common, n: ${index}}`);
    const { value } = parseYaml(`x: &common {image: i}\n${services.join('\n')}`, 'f.yml');
    expect((value as Record<string, unknown>).s1499).toEqual({ image: 'i', n: 1499 });
  });
});

describe('lines of YAML values', () => {
  it('are those of a key, of a list item, or of the nearest key above a missing one', () => {
    const yaml = parseYaml('# top\na:\n  b:\n    - x\n    - y\n', 'f.yml');
    expect(yaml.lineOf(['a'])).toBe(2);
    expect(yaml.lineOf(['a', 'b', 1])).toBe(5);
    expect(yaml.lineOf(['a', 'b', 7])).toBe(3);
    expect(yaml.lineOf(['z'])).toBeUndefined();
  });
});

describe('text of a scalar', () => {
  const yaml = parseYaml(
    'base: &base {m: 0x1F}\nown: &n 1.50\nc:\n  <<: [*base, {m: 2, z: ~}]\n  a: True\n  s: "q\\n"\n  l: [1]\n  e:\n  r: *n\n',
    'f.yml',
  );
  it.each([
    [['own'], '1.50'],
    [['c', 'a'], 'True'],
    [['c', 's'], 'q\n'],
    [['c', 'm'], '0x1F'],
    [['c', 'r'], '1.50'],
    [['c', 'l', 0], '1'],
    [['c', 'l'], undefined],
    [['c', 'e'], undefined],
    [['c', 'z'], undefined],
    [['c', 'none'], undefined],
  ])('%j', (path, text) => {
    expect(scalarText(yaml, path)).toBe(text);
  });
});

describe('content of a file in a message', () => {
  it('has nothing that a terminal would interpret', () => {
    expect(quote('\u001b[2J\n\u009b\u202e')).toBe('"\\u001b[2J\\n\\u009b\\u202e"');
    expect(formatKeyPath(['config', 'a.b', 'x\n', 2])).toBe('config["a.b"]["x\\n"][2]');
  });
});

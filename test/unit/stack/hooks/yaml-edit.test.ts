import { describe, expect, it } from 'vitest';
import { fromPlain, toPlain } from '../../../../src/stack/hooks/values.js';
import { fromWire, toWire } from '../../../../src/stack/hooks/wire.js';
import { dumpYaml, editYaml, loadYaml } from '../../../../src/stack/hooks/yaml-edit.js';

/** The text after a hook has changed its value. */
function changed(text: string, change: (value: Record<string, never>) => unknown): string {
  const value = toPlain(loadYaml(text, 'f.yml'), 'value') as Record<string, never>;
  change(value);
  return editYaml(text, 'f.yml', fromPlain(value));
}

type Loose = Record<string, Record<string, unknown> & unknown[]>;
const loose = (change: (value: Loose) => unknown) => (value: unknown) => change(value as Loose);

describe('modify_yaml changes a document and keeps the rest as written', () => {
  it('writes the same bytes when nothing changed, whatever their style', () => {
    const text = '# c\na:   {x:    1 }\n\n\nb: "q"   # d\n';

    expect(changed(text, () => undefined)).toBe(text);
  });

  it.each([
    ['a value', 'a: 1 # one\nb: 2\n', loose((v) => (v.a = 3 as never)), 'a: 3 # one\nb: 2\n'],
    ['a quoted value', 'a: "1" # one\n', loose((v) => (v.a = '3' as never)), 'a: "3" # one\n'],
    ['a new key', '# h\na: 1\n', loose((v) => (v.b = { c: [1] } as never)), '# h\na: 1\nb:\n  c:\n    - 1\n'],
    ['a removed key', 'a: 1\n# about b\nb: 2\nc: 3\n', loose((v) => delete v.b), 'a: 1\nc: 3\n'],
    ['an empty value filled', 'a:\nb: 1\n', loose((v) => (v.a = 'x' as never)), 'a: x\nb: 1\n'],
    ['a value emptied', 'a: x\nb: 1\n', loose((v) => (v.a = null as never)), 'a:\nb: 1\n'],
    [
      'an appended item',
      'l:\n  - a # 1\n  - b # 2\n',
      loose((v) => v.l?.push('c')),
      'l:\n  - a # 1\n  - b # 2\n  - c\n',
    ],
    ['an item put first', 'l:\n  - a # 1\n', loose((v) => v.l?.unshift('z')), 'l:\n  - z\n  - a # 1\n'],
    [
      'an item removed',
      'l:\n  - a # 1\n  - b # 2\n  - c # 3\n',
      loose((v) => v.l?.splice(1, 1)),
      'l:\n  - a # 1\n  - c # 3\n',
    ],
    [
      'a map in a list',
      'l:\n  - n: 1 # 1\n    m: 2\n  - n: 3\n',
      loose((v) => ((v.l?.[0] as Record<string, number>).m = 9)),
      'l:\n  - n: 1 # 1\n    m: 9\n  - n: 3\n',
    ],
    ['a list emptied', 'l:\n  - a\nb: 1\n', loose((v) => v.l?.pop()), 'l: []\nb: 1\n'],
    ['a list that becomes a map', '# why\nl:\n  - a\n', loose((v) => (v.l = { x: 1 } as never)), '# why\nl:\n  x: 1\n'],
    ['an empty list filled', 'l: []\n', loose((v) => v.l?.push('a')), 'l: [a]\n'],
  ])('%s', (_what, text, change, expected) => {
    expect(changed(text, change)).toBe(expected);
  });

  it('keeps the digits of numbers that were not changed', () => {
    const text =
      'a: 0440\nb: 123456789012345678901234567890\nc: 1.10\nd: 0x1F\ne: 1e3\nf: 0.12345678901234567890\nx: 1\n';

    expect(
      changed(
        text,
        loose((v) => (v.x = 2 as never)),
      ),
    ).toBe(text.replace('x: 1', 'x: 2'));
  });

  it('changes a value below an anchor without its aliases, which the hook saw as separate values', () => {
    const text = 'a: &a\n  x: 1 # c\nb: *a\nc: 1\n';

    const edited = changed(
      text,
      loose((v) => (v.a = { x: 2 } as never)),
    );

    expect(toPlain(loadYaml(edited, 'f'), 'value')).toEqual({ a: { x: 2 }, b: { x: 1 }, c: 1 });
    expect(edited).toContain('# c');
  });

  it.each([
    ['the anchor of an alias is removed', 'a: &a {x: 1}\nb: *a\n', loose((v) => delete v.a), { b: { x: 1 } }],
    [
      'a key that overrides a merged one',
      'base: &b {x: 1, y: 2}\nm:\n  <<: *b\n',
      loose((v) => (v.m = { x: 1, y: 5 } as never)),
      { base: { x: 1, y: 2 }, m: { x: 1, y: 5 } },
    ],
    [
      'a merged key removed',
      'base: &b {x: 1, y: 2}\nm:\n  <<: *b\n  z: 3\n',
      loose((v) => delete v.m?.y),
      { base: { x: 1, y: 2 }, m: { x: 1, z: 3 } },
    ],
    [
      'the base of a merge changed',
      'base: &b {x: 1}\nm:\n  <<: *b\n',
      loose((v) => (v.base = { x: 7 } as never)),
      { base: { x: 7 }, m: { x: 1 } },
    ],
    [
      'two merges',
      'p: &p {x: 1}\nq: &q {x: 2, y: 2}\nm:\n  <<: [*p, *q]\n',
      loose((v) => (v.n = 1 as never)),
      { p: { x: 1 }, q: { x: 2, y: 2 }, m: { x: 1, y: 2 }, n: 1 },
    ],
  ])('keeps every other value when anchors are involved: %s', (_what, text, change, expected) => {
    expect(toPlain(loadYaml(changed(text, change), 'f'), 'value')).toEqual(expected);
  });

  it('writes a document of another type, and an empty one', () => {
    expect(editYaml('', 'f', fromPlain({ a: 1 }))).toBe('a: 1\n');
    expect(editYaml('- a\n', 'f', fromPlain({ a: 1 }))).toBe('a: 1\n');
    expect(editYaml('a: 1\n', 'f', null)).toBe('\n');
  });
});

describe('values passed to Python and back', () => {
  it.each([
    'a: 1\nb: 1.0\nc: 1.10\nd: 123456789012345678901234567890\ne: -5\n',
    "'9': a\n'1': b\n__proto__: c\n$: d\n",
    '9: a\n1: b\ntrue: c\n',
    'a: .inf\nb: -.inf\nc: .nan\n',
    '- - x\n  -\n- {}\n- []\n',
  ])('are unchanged after a round trip: %j', (text) => {
    const value = loadYaml(text, 'f');

    const back = fromWire(JSON.parse(JSON.stringify(toWire(value))));

    expect(loadYaml(dumpYaml(back), 'f')).toEqual(loadYaml(dumpYaml(value), 'f'));
    expect(back instanceof Map ? [...back.keys()] : back).toEqual(value instanceof Map ? [...value.keys()] : value);
  });

  it('are written so that strings which look like something else are quoted', () => {
    expect(dumpYaml(fromPlain({ a: '80', b: 'true', c: null, d: 'x: y', e: 'yes', f: { g: [] } }))).toBe(
      "a: '80'\nb: 'true'\nc:\nd: 'x: y'\ne: yes\nf:\n  g: []\n",
    );
  });

  it('are rejected when they contain themselves', () => {
    expect(() => loadYaml('a: &a\n  - *a\n', 'f')).toThrow(/contains itself/);
  });
});

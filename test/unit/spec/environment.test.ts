import { describe, expect, it } from 'vitest';
import { changedByNewQuoting, parseEnvFile, quoteEnvValue, renderConfigEnv } from '../../../src/spec/environment.js';
import { LaconicError } from '../../../src/system/errors.js';

describe('quoteEnvValue', () => {
  it.each([
    ['FAST', 'FAST'],
    ['', ''],
    ['http://a.b:80/x-y_z@1%2+3,4', 'http://a.b:80/x-y_z@1%2+3,4'],
    ['a b', "'a b'"],
    ['$HOME ${A} # "x"', `'$HOME \${A} # "x"'`],
    ["it's", '"it\'s"'],
    ['it\'s $5 \\ "q"', '"it\'s \\$5 \\\\ \\"q\\""'],
    ['a\nb\r\n', '"a\\nb\\r\\n"'],
    ['é', "'é'"],
  ])('writes %j as %s', (value, expected) => {
    expect(quoteEnvValue(value)).toBe(expected);
  });
});

describe('renderConfigEnv', () => {
  it('writes four comment lines, the entries in order, then the credentials files', () => {
    const text = renderConfigEnv(
      new Map([
        ['B', 'two words'],
        ['A', '1'],
      ]),
      [
        { path: '~/a.env', text: 'A=2' },
        { path: 'b.env', text: 'C=3\n' },
        { path: 'empty.env', text: '' },
      ],
    );
    const lines = text.split('\n');
    expect(lines.slice(0, 4).every((line) => line.startsWith('# '))).toBe(true);
    expect(lines.slice(4)).toEqual([
      "B='two words'",
      'A=1',
      '# From credentials file: ~/a.env',
      'A=2',
      '# From credentials file: b.env',
      'C=3',
      '# From credentials file: empty.env',
      '',
    ]);
    expect(parseEnvFile(text).get('A')).toBe('2');
  });

  it('refuses all values that no env file can hold, by name and without the value', () => {
    const bad = new Map([
      ['A B', 'x'],
      ['X\nY', 'x'],
      ['N', 'sec\0ret'],
      ['S', 'sec\ud800ret'],
      ['OK', 'fine'],
    ]);
    expect(() => renderConfigEnv(bad, [])).toThrow(LaconicError);
    try {
      renderConfigEnv(bad, []);
    } catch (error) {
      const { message } = error as Error;
      expect(message.split('\n')).toHaveLength(4);
      expect(message).toContain('"X\\nY"');
      expect(message).not.toMatch(/sec|OK/);
    }
  });
});

describe('changedByNewQuoting', () => {
  const old = (entries: Record<string, string>): string =>
    `# Auto-generated\n${Object.entries(entries)
      .map(([name, value]) => `${name}=${value}\n`)
      .join('')}`;

  it('names the variables that Compose expanded, truncated or unquoted', () => {
    const entries = {
      PLAIN: 'x',
      CUT: 'a # b',
      HOME2: '$PLAIN/y',
      QUOTED: "'q'",
      SPACED: ' s ',
      DOLLAR: 'a$$b',
      HASH: 'a#b',
    };
    expect(changedByNewQuoting(old(entries), new Map(Object.entries(entries)))).toEqual([
      { name: 'CUT', before: 'a', after: 'a # b' },
      { name: 'HOME2', before: 'x/y', after: '$PLAIN/y' },
      { name: 'QUOTED', before: 'q', after: "'q'" },
      { name: 'SPACED', before: 's', after: ' s ' },
      { name: 'DOLLAR', before: 'a$b', after: 'a$$b' },
    ]);
  });

  it('uses the environment as Compose did', () => {
    expect(
      changedByNewQuoting('A=$HOME\n', new Map([['A', '$HOME']]), {
        lookup: (name) => (name === 'HOME' ? '/root' : undefined),
      }),
    ).toEqual([{ name: 'A', before: '/root', after: '$HOME' }]);
  });

  it('names the values that Python printed in its own notation', () => {
    const formerly = new Map([
      ['FLAG', 'True'],
      ['NUMBER', '123'],
      ['EDITED', 'False'],
    ]);
    const entries = new Map([
      ['FLAG', 'true'],
      ['NUMBER', '0123'],
      ['EDITED', 'false'],
    ]);
    expect(changedByNewQuoting('FLAG=True\nNUMBER=123\nEDITED=True\n', entries, { formerly })).toEqual([
      { name: 'FLAG', before: 'True', after: 'true' },
      { name: 'NUMBER', before: '123', after: '0123' },
    ]);
  });

  it('ignores values that the operator has changed since', () => {
    expect(changedByNewQuoting('A=$HOME\n', new Map([['A', 'new $X']]))).toEqual([]);
  });

  it('finds the remains of a value of several lines', () => {
    expect(changedByNewQuoting('A=one\nB=two\n', new Map([['A', 'one\nB=two']]))).toEqual([
      { name: 'A', before: 'one', after: 'one\nB=two' },
    ]);
  });

  it('ignores a file that Compose could not read, since no container got anything from it', () => {
    expect(changedByNewQuoting('A=one\ntwo three;\n', new Map([['A', 'one\ntwo three;']]))).toEqual([]);
  });
});

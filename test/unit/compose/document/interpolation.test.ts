import { describe, expect, it } from 'vitest';
import { readEnvFile, scanEnvFile } from '../../../../src/compose/syntax/dotenv.js';
import { parseComposeFile } from '../../../../src/compose/document/file.js';
import { mentionedNames, outsideServices } from '../../../../src/compose/document/interpolation.js';
import { interpolate, InterpolationError, namesIn, parseTemplate } from '../../../../src/compose/syntax/template.js';
import { InvalidFileError } from '../../../../src/system/errors.js';

describe('template', () => {
  it.each<[string, string[]]>([
    ['plain', []],
    ['$A and ${B}', ['A', 'B']],
    ['${A:-$B}${C-${D:?${E}}}', ['A', 'B', 'C', 'D', 'E']],
    ['${A:+x}${B+y}${C?z}${D:?w}', ['A', 'B', 'C', 'D']],
    ['$$A $${B} $$$C', ['C']],
    ['$1 $ a$', []],
    ['x$A.y', ['A']],
    ['${A} ${', ['A']],
  ])('finds the names in %j', (text, names) => {
    expect([...namesIn(text)]).toEqual(names);
  });

  it.each(['${', '${}', '${1}', '${A', '${A:b}', '${ A }', '${A!}', '${A:-${}}', '${A:-a\nb}'])(
    'rejects %j as Compose does',
    (text) => {
      expect(parseTemplate(text).valid).toBe(false);
      expect(() => interpolate(text, () => undefined)).toThrow(InterpolationError);
    },
  );

  it('copes with deep nesting', () => {
    expect(parseTemplate(`${'${A:-'.repeat(50_000)}${'}'.repeat(50_000)}`).valid).toBe(false);
  });
});

describe('mentionedNames', () => {
  const names = (text: string, envFiles: Record<string, string> = {}): Record<string, string[]> =>
    Object.fromEntries(
      [...mentionedNames(parseComposeFile(text, 'c.yml'), new Map(Object.entries(envFiles)))].map(([key, found]) => [
        key,
        [...found].sort(),
      ]),
    );

  it('finds interpolated names in every value of a service, but not in keys', () => {
    expect(
      names(
        'services:\n  a:\n    image: x:${TAG}\n    command: [run, "$A"]\n    labels: {"$KEY": "${L:-$M}"}\n  b: {image: y}\n',
      ),
    ).toEqual({ [outsideServices]: [], a: ['A', 'L', 'M', 'TAG'], b: [] });
  });

  it('finds entries without a value', () => {
    expect(
      names(
        'services:\n  a:\n    environment: {N1: , N2: x, N3: ""}\n    build: {args: [N4, N5=1]}\n  b:\n    environment: [N6, "N7=", "N8=$N9"]\n',
      ),
    ).toEqual({
      [outsideServices]: [],
      a: ['N1', 'N4'],
      b: ['N6', 'N9'],
    });
  });

  it('finds what env files interpolate or take from the environment', () => {
    expect(
      names('services:\n  a: {env_file: x.env}\n  b: {env_file: [{path: y.env}, none.env]}\n', {
        'x.env': 'A=$B\nC=\'$D\'\nE\nF="${G}" # $H\nexport I=\\$J\n',
        'y.env': 'K: ${L:-v}\n',
      }),
    ).toEqual({ [outsideServices]: [], a: ['B', 'E', 'G', 'J'], b: ['L'] });
  });

  it('reads an env file with `format: raw` line by line', () => {
    const raw = "A='$B\n#C\nD\n";
    expect(names('services: {a: {env_file: [{path: x.env, format: raw}]}}', { 'x.env': raw })).toEqual({
      [outsideServices]: [],
      a: ['D'],
    });
  });

  it('finds names outside services', () => {
    expect(
      names(
        'services: {a: {image: x}}\nnetworks: {n: {name: "$N"}}\nconfigs: {c: {environment: C}}\nsecrets: {s: {environment: S}}\n',
      ),
    ).toEqual({
      [outsideServices]: ['C', 'N', 'S'],
      a: [],
    });
  });

  it('reads through aliases and merges', () => {
    expect(names('x-e: &e {A: $A, B: }\nservices:\n  a: &a {environment: {<<: *e, C: $C}}\n  b: *a\n')).toEqual({
      [outsideServices]: ['A'],
      a: ['A', 'B', 'C'],
      b: ['A', 'B', 'C'],
    });
  });
});

describe("env files read by Compose's rules", () => {
  it('may use every form', () => {
    const text =
      "# c\nA=1\n export  B = two words # c\nC: yaml\nD='$A' # c\nE=\"$A\\n\\$A\\101\\0101\"\nF=a#b\nG=\nH='two\nlines'\nI='it\\'s'\nJ\nK=${Z:-z}\r\nL=last";
    expect(Object.fromEntries(readEnvFile(text, 'x.env', (name) => (name === 'J' ? 'j' : undefined)))).toEqual({
      A: '1',
      B: 'two words',
      C: 'yaml',
      D: '$A',
      E: '1\n$A\\101A',
      F: 'a#b',
      G: '',
      H: 'two\nlines',
      I: "it's",
      J: 'j',
      K: 'z',
      L: 'last',
    });
    expect(scanEnvFile(text, 'x.env').map(({ name, line }) => `${name}${line}`)).toEqual([
      'A2',
      'B3',
      'C4',
      'D5',
      'E6',
      'F7',
      'G8',
      'H9',
      'I11',
      'J12',
      'K13',
      'L14',
    ]);
  });

  it.each([
    ["A='x", "x.env:1 A: the value starts with ' and never ends"],
    ['A=1\nB C=2', 'x.env:2: a variable name cannot contain a space'],
    ['A=1\n;B=2', 'x.env:2: ";" cannot stand in a variable name: expected NAME=value'],
    ['A=${', 'x.env:1 A: invalid interpolation'],
  ])('are rejected with the line: %j', (text, message) => {
    expect(() => readEnvFile(text, 'x.env')).toThrow(InvalidFileError);
    expect(() => readEnvFile(text, 'x.env')).toThrow(message);
  });
});

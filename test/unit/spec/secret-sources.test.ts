import { expect, it } from 'vitest';
import { parseSpec } from '../../../src/spec/parse.js';
import { InvalidFileError } from '../../../src/system/errors.js';

const head = 'stack: a\ndeploy-to: compose\n';

it('secrets may have sources, or exist in the cluster', () => {
  const text = `${head}secrets:\n  one:\n    keys:\n      A: {env: VAR}\n      B: {file: ~/b}\n  two: [X]\n  three:\n`;
  const { secrets, secretSources } = parseSpec(text, 'spec.yml').spec;
  expect(secrets).toEqual(['one', 'two', 'three']);
  expect([...(secretSources ?? [])].map(([name, keys]) => [name, [...keys]])).toEqual([
    [
      'one',
      [
        ['A', { env: 'VAR' }],
        ['B', { file: '~/b' }],
      ],
    ],
  ]);
});

it.each([
  ['Big: {keys: {A: {env: V}}}', 'spec.yml:4 secrets.Big: is not the name of a Secret'],
  ['one: {keys: {}}', 'secrets.one.keys: must be a map of keys to their sources, found a map'],
  ['one: {keys: {A: plain}}', 'secrets.one.keys.A: must be {env: VARIABLE} or {file: PATH}, found "plain"'],
  ['one: {keys: {A: {env: V, file: f}}}', 'secrets.one.keys.A: must be {env: VARIABLE} or {file: PATH}'],
  ['one: {keys: {A: {exec: f}}}', 'secrets.one.keys.A: must be {env: VARIABLE} or {file: PATH}'],
  ['one: {keys: {A-B: {env: V}}}', '"A-B" is not the name of a variable'],
  ['one: {keys: {A: {env: V}}, type: x}', 'secrets.one.type: is not known here: keys is'],
])('a secret is rejected with %s', (secret, message) => {
  const parse = (): unknown => parseSpec(`${head}secrets:\n  ${secret}\n`, 'spec.yml');
  expect(parse).toThrow(InvalidFileError);
  expect(parse).toThrow(message);
});

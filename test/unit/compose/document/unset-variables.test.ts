import { describe, expect, it } from 'vitest';
import { unsetVariables } from '../../../../src/compose/document/unset-variables.js';

const values = new Map([
  ['SET', 'x'],
  ['EMPTY', ''],
]);
const unset = (value: unknown): string[] =>
  unsetVariables(value, ['services', 'web'], (name) => values.get(name)).map(
    ({ name, path }) => `${path.join('.')} ${name}`,
  );

describe('variables that are not set and have no default', () => {
  it.each([
    ['$A', ['A']],
    ['${A} and ${B}', ['A', 'B']],
    ['${SET} ${EMPTY}', []],
    ['${A:-d} ${A-d} ${EMPTY:-d}', []],
    ['${A:-${B}}', ['B']],
    ['${EMPTY:-${B}}', ['B']],
    ['${EMPTY-${B}}', []],
    ['${SET:-${B}}', []],
    ['${SET:+${B}}', ['B']],
    ['${A:+${B}}', []],
    ['${A:?must be set} ${A?}', []],
    ['$$A costs 5$', []],
  ])('are found in %s', (text, names) => {
    expect(unset(text)).toEqual(names.map((name) => `services.web ${name}`));
  });

  it('are reported with their place; keys, and names without a value, are not', () => {
    const shared = ['${A}'];
    expect(unset({ environment: { X: '${B}', Y: null, '${KEY}': 1 }, command: shared, entrypoint: shared })).toEqual([
      'services.web.environment.X B',
      'services.web.command.0 A',
    ]);
  });
});

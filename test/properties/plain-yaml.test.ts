import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { type Plain, writePlainYaml } from '../../src/system/yaml/plain-yaml.js';

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('a', ' ', '\n', '\t', '#', ':', '-', '"', "'", '\\', '|', '$', '0', 'ä', '😀') }),
  fc.constantFrom(
    'yes',
    'No',
    'null',
    '~',
    '0x1',
    '012',
    '1_000',
    '1e3',
    'E0',
    '.5',
    '2026-11-22',
    '12:30',
    '---',
    '',
    '=',
    '<<',
  ),
);

const plain = fc.letrec<{ value: Plain; map: Plain }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    text,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    tie('map'),
  ),
  map: fc.dictionary(text, tie('value'), { maxKeys: 4, noNullPrototype: true }),
}));

/** Defines the key instead of the prototype, which a key such as `__proto__` would otherwise set. */
const comparable = (value: unknown): string => JSON.stringify(value);

describe('plain data as YAML', () => {
  it.each(['1.1', '1.2'] as const)('is read back unchanged by YAML %s', (version) => {
    fc.assert(
      fc.property(plain.map, (value) => {
        const written = writePlainYaml(value);
        const document = parseDocument(written, {
          version,
          merge: false,
          schema: version === '1.1' ? 'yaml-1.1' : 'core',
        });
        expect(document.errors).toEqual([]);
        expect(comparable(document.toJS())).toBe(comparable(value));
      }),
      { numRuns: 1000 },
    );
  });

  it('is written in the usual style', () => {
    const value = {
      kind: 'X',
      spec: {
        list: ['a', { b: 1, c: [] }, ['d']],
        empty: {},
        gone: undefined,
        port: '80',
        on: 'on',
        url: 'http://x:80/y z',
      },
      script: '#!/bin/sh\n\nexec a\n',
      cut: 'a\nb',
    };
    expect(writePlainYaml(value)).toBe(`kind: X
spec:
  list:
    - a
    - b: 1
      c: []
    - - d
  empty: {}
  port: "80"
  "on": "on"
  url: http://x:80/y z
script: |
  #!/bin/sh

  exec a
cut: |-
  a
  b
`);
  });
});

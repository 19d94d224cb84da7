import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBytes, parseDuration } from '../../src/compose/syntax/amounts.js';
import { readCompose } from '../../src/compose/model/normalize.js';
import { serviceKeys } from '../../src/compose/model/service/service-keys.js';
import { namesIn, interpolate } from '../../src/compose/syntax/template.js';
import { splitWords } from '../../src/compose/syntax/shell-words.js';
import { InvalidFileError } from '../../src/system/errors.js';
import { parseYaml } from '../../src/system/yaml/yaml.js';

const values: Record<string, string> = { SET: 'set', EMPTY: '', SECRET: `s3$c"r'et` };
const lookup = (name: string): string | undefined => values[name];

/** Anything that YAML can represent, with keys that often mean something to Compose. */
const anything = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.oneof(
      fc.constantFrom<unknown>(
        null,
        true,
        false,
        0,
        -1,
        80,
        1.5,
        '',
        'x',
        '80:80',
        './a:/b',
        'A=b',
        '${SET}',
        '${NO:?x}',
        '${',
        '5s',
      ),
      fc.string({ maxLength: 6 }),
    ),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(
      fc.constantFrom(
        'A',
        'path',
        'target',
        'source',
        'type',
        'test',
        'soft',
        'hard',
        'service',
        'condition',
        'x-x',
        'limits',
      ),
      tie('value'),
      { maxKeys: 3, noNullPrototype: true },
    ),
  ),
})).value;

const document = fc.record(
  {
    services: fc.oneof(
      {
        weight: 8,
        arbitrary: fc.dictionary(fc.constantFrom('a', 'b', 'c d'), service(), { minKeys: 1, noNullPrototype: true }),
      },
      { weight: 1, arbitrary: anything },
    ),
    volumes: anything,
    secrets: anything,
    configs: anything,
  },
  { requiredKeys: ['services'] },
);

function service(): fc.Arbitrary<unknown> {
  const key = fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...serviceKeys) },
    { weight: 1, arbitrary: fc.string() },
  );
  return fc.dictionary(key, anything, { maxKeys: 3, size: 'small', noNullPrototype: true });
}

describe('parsing compose files', () => {
  it('gives a model or problems with file, line and key, whatever the file contains', () => {
    let models = 0;
    fc.assert(
      fc.property(document, fc.boolean(), (content, named) => {
        const body = named ? withImages(content) : content;
        const reading = readCompose({ yaml: parseYaml(JSON.stringify(body, null, 1), 'c.yml'), lookup });
        try {
          reading.normalize(new Map(reading.envFiles.map(({ path }) => [path, 'A=${SET}\nB\n'])));
          models += 1;
        } catch (error) {
          if (!(error instanceof InvalidFileError)) throw error;
          expect(error.problems.length).toBeGreaterThan(0);
          for (const { file, line, key, message } of error.problems) {
            expect({ file, line: (line ?? 0) > 0, key: key !== undefined, message: message !== '' }).toEqual({
              ...{ file: 'c.yml', line: true, key: true, message: true },
            });
          }
        }
      }),
      { numRuns: 500, seed: 17 },
    );
    expect(models).toBeGreaterThan(5);
  });

  it('gives templates that resolve to the value', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '$SET',
        '${SECRET}',
        '${NO:-d}',
        '${EMPTY:-$SECRET}',
        '${SET:+x$SECRET}',
        '$$',
        '${A}',
        '$B',
        '${C:-${A}}',
        '${A:+a}',
        '${B+b}',
      ),
      fc.stringMatching(/^[a-z=:/ -]{0,4}$/),
    );
    const text = fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join(''));
    const name = fc.constantFrom('A', 'B', 'C', 'D', 'SET');
    const list = fc.array(fc.tuple(name, fc.option(text)), { maxLength: 5 });
    fc.assert(
      fc.property(list, list, (own, file) => {
        const environment = own.map(([left, right]) => (right === null ? left : `${left}=${right}`));
        const envFile = file.map(([left, right]) => (right === null ? left : `${left}="${right}"`)).join('\n');
        const yaml = parseYaml(
          JSON.stringify({ services: { a: { image: 'i', environment, env_file: 'x.env' } } }),
          'c.yml',
        );
        const { model } = readCompose({ yaml, lookup }).normalize(new Map([['x.env', envFile]]));
        const found = model.services.get('a');
        for (const [key, template] of found?.environmentTemplates ?? []) {
          expect({ key, template, value: interpolate(template, lookup) }).toEqual({
            ...{ key, template, value: found?.environment.get(key) },
          });
          expect(namesIn(template).size).toBeGreaterThan(0);
        }
        for (const [key, value] of found?.environment ?? []) {
          // A value with a secret always has a template.
          if (value.includes(values.SECRET ?? '')) expect(found?.environmentTemplates.get(key)).toContain('SECRET');
        }
      }),
      { numRuns: 800, seed: 19 },
    );
  });
});

describe('words and amounts', () => {
  it('leave words in single quotes unchanged', () => {
    const word = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes("'"));
    fc.assert(
      fc.property(fc.array(word), (words) => {
        expect(splitWords(words.map((each) => `'${each}'`).join(' '))).toEqual({ words });
      }),
    );
  });

  it('sum the parts of a duration', () => {
    const part = fc.tuple(
      fc.nat({ max: 9999 }),
      fc.constantFrom<[string, number]>(['ms', 1], ['s', 1000], ['m', 60_000], ['h', 3_600_000]),
    );
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        const text = parts.map(([amount, [unit]]) => `${amount}${unit}`).join('');
        expect(parseDuration(text)).toBe(parts.reduce((sum, [amount, [, unit]]) => sum + amount * unit, 0));
      }),
    );
  });

  it('accept sizes in any case, with b or ib after the unit, and with one space', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 99_999 }),
        fc.constantFrom('k', 'm', 'g'),
        fc.constantFrom('', 'b', 'ib'),
        fc.constantFrom('', ' '),
        fc.boolean(),
        (amount, letter, rest, space, upper) => {
          const unit = upper ? (letter + rest).toUpperCase() : letter + rest;
          expect(parseBytes(`${amount}${space}${unit}`)).toBe(amount * 1024 ** ('kmg'.indexOf(letter) + 1));
        },
      ),
    );
  });
});

/** The services with an image, so that more of them are complete. */
function withImages(content: { services: unknown }): unknown {
  const { services } = content;
  if (typeof services !== 'object' || services === null || Array.isArray(services)) return content;
  const entries = Object.entries(services).map(([name, value]): [string, unknown] => [
    name,
    typeof value === 'object' && !Array.isArray(value) ? { image: 'i', ...value } : value,
  ]);
  return { services: Object.fromEntries(entries) };
}

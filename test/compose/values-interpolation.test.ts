import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readEnvFile } from '../../src/compose/syntax/dotenv.js';
import { parseComposeFile } from '../../src/compose/document/file.js';
import { mentionedNames, outsideServices } from '../../src/compose/document/interpolation.js';
import { interpolate, parseTemplate } from '../../src/compose/syntax/template.js';
import { errorMessage } from '../../src/system/errors.js';
import { describeWithEngine } from '../support/engine.js';
import { temporaryDirectory } from '../support/temporary.js';
import { composeConfig, composeRefuses, literal } from './values-support.js';

const variables: Record<string, string> = { SET: 'set', EMPTY: '', Q: `a'b"c $SET`, X_1: 'x' };
const lookup = (name: string): string | undefined => variables[name];

/** Text that often contains an interpolation, valid or not. */
const template = fc
  .array(
    fc.oneof(
      {
        weight: 3,
        arbitrary: fc.constantFrom('$', '$$', '${', '}', '{', ':', '-', '?', '+', ' ', 'a', '\n', '1', 'é', 'ſ', '"'),
      },
      {
        weight: 2,
        arbitrary: fc.constantFrom(
          '$SET',
          '${SET}',
          '${EMPTY',
          '${UNSET',
          '${SET',
          '$X_1',
          '$UNSET',
          '${Q',
          ':-',
          ':+',
          ':?',
        ),
      },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          '${UNSET:-${EMPTY-${Q}}}',
          '${SET:+${UNSET-d}}',
          '${EMPTY:-{}',
          '${EMPTY:-{"a":"$SET"}}',
          '${SET?x}',
        ),
      },
    ),
    { maxLength: 8 },
  )
  .map((pieces) => pieces.join(''));

/** The text after interpolation by the program, or an error where Compose would reject it. */
function ours(text: string): { value: string } | { error: string } {
  try {
    return { value: interpolate(text, lookup) };
  } catch (error) {
    return { error: errorMessage(error) };
  }
}

describeWithEngine('interpolation compared with Docker Compose', () => {
  it('has the same result for every text that the program accepts', async () => {
    const directory = await temporaryDirectory();
    const texts = [...new Set(fc.sample(template, { numRuns: 3000, seed: 7 }))].filter((text) => 'value' in ours(text));
    expect(texts.length).toBeGreaterThan(1000);
    const environment = Object.fromEntries(texts.map((text, index) => [`V${index}`, text]));
    const config = await composeConfig(
      directory,
      { services: { a: { image: 'none', environment } } },
      { env: variables },
    );
    const seen = config.services.a?.environment ?? {};
    for (const [index, text] of texts.entries()) {
      expect({ text, value: literal(seen[`V${index}`]) }).toEqual({ text, value: interpolate(text, lookup) });
    }
  });

  it('rejects only what Compose rejects', async () => {
    const directory = await temporaryDirectory();
    const known = [
      '${',
      '${SET',
      '${SET:a}',
      '${1}',
      '${SET:-${}',
      '${SET:-${UNSET?x}}',
      '${EMPTY:?x}',
      '${SET:-a\n}',
      '${A!}',
    ];
    const drawn = [...new Set(fc.sample(template, { numRuns: 300, seed: 11 }))].filter((text) => 'error' in ours(text));
    for (const text of [...known, ...drawn.slice(0, 25)]) {
      expect('error' in ours(text)).toBe(true);
      const refused = await composeRefuses(
        directory,
        { services: { a: { image: 'none', environment: { V: text } } } },
        variables,
      );
      expect({ text, refused }).toEqual({ text, refused: true });
    }
    expect(drawn.some((text) => !parseTemplate(text).valid)).toBe(true);
  });
});

describeWithEngine('names that a compose file mentions', () => {
  const text = `
x-shared: &shared
  SHARED: "\${M_SHARED:-x}"
services:
  a:
    image: none:\${M_TAG:-1}
    environment:
      <<: *shared
      M_NULL:
      LITERAL: "$$N_ESCAPED \${M_OUTER:-\${M_INNER:-x}}"
      "\${N_KEY}": x
    labels: ["l=\${M_LABEL-}"]
    env_file: a.env
    build: {context: ., args: [M_ARG, "B=\${M_ARGVALUE+x}"]}
  b:
    image: none
    environment: [M_LIST, "N_SET=1"]
networks:
  default: {name: "n\${M_NETWORK}"}
`;
  const envFile = "N_OWN=1\nA=$M_ENVFILE\nB='$N_QUOTED'\nM_ALONE\n# $N_COMMENT\n";

  it('are exactly those whose value matters', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'a.env'), envFile);
    const mentioned = mentionedNames(parseComposeFile(text, 'c.yml'), new Map([['a.env', envFile]]));
    const names = [...new Set([...mentioned.values()].flatMap((found) => [...found]))].sort();
    expect(names).toEqual([
      'M_ALONE',
      'M_ARG',
      'M_ARGVALUE',
      'M_ENVFILE',
      'M_INNER',
      'M_LABEL',
      'M_LIST',
      'M_NETWORK',
      'M_NULL',
      'M_OUTER',
      'M_SHARED',
      'M_TAG',
    ]);
    expect([...(mentioned.get('b') ?? [])]).toEqual(['M_LIST']);
    expect([...(mentioned.get(outsideServices) ?? [])].sort()).toEqual(['M_NETWORK', 'M_SHARED']);

    const plain = JSON.stringify(await composeConfig(directory, text, {}));
    for (const name of names) {
      const config = JSON.stringify(await composeConfig(directory, text, { env: { [name]: 'other' } }));
      expect({ name, matters: config !== plain }).toEqual({ name, matters: true });
    }
    const unmentioned = { N_ESCAPED: 'o', N_KEY: 'o', N_SET: 'o', N_OWN: 'o', N_QUOTED: 'o', N_COMMENT: 'o' };
    expect(JSON.stringify(await composeConfig(directory, text, { env: unmentioned }))).toBe(plain);
  });
});

describeWithEngine('env files compared with Docker Compose', () => {
  const line = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          'A',
          'B',
          'SET',
          ' ',
          '=',
          ':',
          '"',
          "'",
          '\\',
          '#',
          ' #',
          '$',
          '{',
          '}',
          'n',
          '\t',
          '\n',
          '\r',
          '\r\n',
          '0',
          '.',
          '-',
          'é',
          '\u00a0',
          '\u0085',
        ),
        fc.constantFrom('A=', 'export B=', '$SET', '${A:-d}', '\\"', "\\'", '\\$', '\\n', '\\0101', '="', "='", 'C\n'),
      ),
      { maxLength: 12 },
    )
    .map((pieces) => `${pieces.join('')}\n`);

  it('have the same variables for every text that the program accepts', async () => {
    const directory = await temporaryDirectory();
    const readable = [...new Set(fc.sample(line, { numRuns: 4000, seed: 3 }))].flatMap((text) => {
      try {
        return [{ text, values: readEnvFile(text, 'x.env', lookup) }];
      } catch {
        return [];
      }
    });
    expect(readable.length).toBeGreaterThan(500);
    await mkdir(join(directory, 'env'));
    const services: Record<string, object> = {};
    for (const [index, { text }] of readable.entries()) {
      await writeFile(join(directory, 'env', `${index}.env`), text);
      services[`s${index}`] = { image: 'none', env_file: `env/${index}.env` };
    }
    const config = await composeConfig(directory, { services }, { env: variables });
    for (const [index, { text, values }] of readable.entries()) {
      const seen = Object.entries(config.services[`s${index}`]?.environment ?? {}).map(
        ([name, value]) => [name, literal(value)] as const,
      );
      expect({ text, values: new Map(seen) }).toEqual({ text, values });
    }
  });

  it('are invalid for Compose when the program rejects them', async () => {
    const directory = await temporaryDirectory();
    for (const text of ["A='x\n", 'A B=1\n', ';A=1\n', 'A=${\n', 'A="x\\"\n', '=\n"x"=1\n']) {
      expect(() => readEnvFile(text, 'x.env')).toThrow();
      await writeFile(join(directory, 'x.env'), text);
      const refused = await composeRefuses(directory, { services: { a: { image: 'none', env_file: 'x.env' } } }, {});
      expect({ text, refused }).toEqual({ text, refused: true });
    }
  });
});

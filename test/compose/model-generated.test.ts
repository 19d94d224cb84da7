import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readCompose } from '../../src/compose/model/normalize.js';
import type { ComposeModel } from '../../src/compose/model/types.js';
import { plainScalar } from '../../src/compose/model/scalar.js';
import { splitWords } from '../../src/compose/syntax/shell-words.js';
import { parseYaml } from '../../src/system/yaml/yaml.js';
import { describeWithEngine } from '../support/engine.js';
import { temporaryDirectory } from '../support/temporary.js';
import { arbitraryService, type WrittenService } from './model-arbitrary.js';
import { askCompose, type ComposeConfig, ours, theirs } from './model-support.js';

const variables: Record<string, string> = { SET: 'set', EMPTY: '', PORT: '8088', Q: `a'b"c $SET` };

async function configOf(text: string): Promise<ComposeConfig | { refused: string }> {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, 'compose.yml'), text);
  return askCompose(directory, 'compose.yml', { variables });
}

async function accepted(text: string): Promise<ComposeConfig> {
  const config = await configOf(text);
  if ('refused' in config) throw new Error(config.refused);
  return config;
}

function normalized(text: string): ComposeModel {
  return readCompose({ yaml: parseYaml(text, 'compose.yml'), lookup: (name) => variables[name] }).normalize().model;
}

/** Unquoted text that is or resembles a number, a date, a boolean or null. */
const plain = fc
  .oneof(
    fc.stringMatching(/^[-+]?[0-9._eExXoObB]{1,10}$/),
    fc.stringMatching(/^[-+]?(0[xobXOB]?)?[0-9a-fA-F_]{1,12}$/),
    fc.stringMatching(/^[-+]?[0-9]{1,24}(\.[0-9]{0,8})?([eE][-+]?[0-9]{1,3})?$/),
    fc.constantFrom(
      '~',
      'null',
      'NULL',
      'nUll',
      'true',
      'True',
      'tRue',
      'yes',
      'no',
      'off',
      'y',
      'N',
      '.inf',
      '.nan',
      '.',
    ),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.integer().map(String),
  )
  .filter((text) => !/^[-.]*$/.test(text));

describeWithEngine('generated values equal those of docker compose config', () => {
  it('for unquoted numbers, booleans and nulls', async () => {
    const texts = [...new Set(fc.sample(plain, { numRuns: 3000, seed: 3 }))].filter(
      (text) => plainScalar(text).type !== 'unusable',
    );
    const lines = texts.map((text, index) => `      V${index}: ${text}`);
    const file = `services:\n  a:\n    image: none\n    environment:\n${lines.join('\n')}\n`;
    const environment = (await accepted(file)).services.a?.environment ?? {};
    const found = normalized(file).services.get('a')?.environment;
    expect(texts.length).toBeGreaterThan(1500);
    for (const [index, text] of texts.entries()) {
      const theirValue = environment[`V${index}`] ?? undefined;
      expect({ text, value: found?.get(`V${index}`) }).toEqual({ text, value: theirValue });
    }
  });

  it('for commands that are split into words', async () => {
    const piece = fc.constantFrom(
      ...['a', 'b', '-', ' ', '  ', '\t', '\n', '"', "'", '\\', '`', '$(', '(', ')', '&&', '|', '>', '2>', '<', ';'],
      ...['$', '{', '}', '*', '~', '#', '=', 'é', '🐴', '\u00a0', '""', "''", '"a b"', "'c d'"],
    );
    const texts = [
      ...new Set(fc.sample(fc.array(piece, { maxLength: 9 }), { numRuns: 3000, seed: 5 }).map((each) => each.join(''))),
    ];
    const taken = texts.filter((text) => splitWords(text) !== undefined);
    expect(taken.length).toBeGreaterThan(1000);
    const services = Object.fromEntries(
      taken.map((text, index) => [`s${index}`, { image: 'none', command: text.replaceAll('$', () => '$$') }]),
    );
    const config = await accepted(JSON.stringify({ services }));
    for (const [index, text] of taken.entries()) {
      const words = config.services[`s${index}`]?.command;
      expect({ text, words: splitWords(text)?.words }).toEqual({ text, words });
    }
    const refused = texts.filter((text) => splitWords(text) === undefined);
    expect(refused.length).toBeGreaterThan(100);
    for (const text of refused.slice(0, 20)) {
      const command = text.replaceAll('$', () => '$$');
      const answer = await configOf(JSON.stringify({ services: { a: { image: 'none', command } } }));
      expect({ text, refused: 'refused' in answer }).toEqual({ text, refused: true });
    }
  });

  it('for whole services', async () => {
    const drawn = fc.sample(arbitraryService, { numRuns: 300, seed: 11 });
    const services = Object.fromEntries(
      drawn.map((make, index): [string, WrittenService] => [`s${index}`, make(index)]),
    );
    const text = JSON.stringify({
      services,
      volumes: { data: {}, other: null },
      secrets: { one: { file: './one' }, two: { environment: 'SET' } },
      configs: { one: { content: 'x' }, two: { file: './two' } },
    });
    const config = await accepted(text);
    const model = normalized(text);
    expect([...model.services.keys()]).toHaveLength(300);
    for (const [name, service] of model.services) {
      const written = services[name];
      expect({ written, ...ours(service) }).toEqual({ written, ...theirs(config.services[name] ?? {}) });
    }
  });
});

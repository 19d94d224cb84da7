import { describe, expect, it } from 'vitest';
import { findLostSecrets, type SecretFacts } from '../../../src/spec/lost-secrets.js';
import { parseSecretsEnv } from '../../../src/spec/generated-secrets.js';

const token = '0123456789abcdef';
const config = new Map([
  ['TOKEN', '$generate:hex:8$'],
  ['PLAIN', 'text'],
  ['OTHER', '$generate:hex:8$'],
]);
const text = `# TOKEN from "$generate:hex:8$"\nTOKEN=${token}\nOTHER=fedcba9876543210\n`;

function facts(secretsEnv: string, more: Partial<SecretFacts> = {}): SecretFacts {
  const cut = secretsEnv !== '' && !secretsEnv.endsWith('\n');
  const stored = parseSecretsEnv(secretsEnv);
  return { config, stored, cut, recorded: new Set(), copies: [], rotate: new Set(), ...more };
}

describe('generated secrets that were lost', () => {
  const copies = [{ place: 'history', values: new Map([['TOKEN', token]]) }];

  it('are not reported when the file has them, whatever other files say', () => {
    expect(findLostSecrets(facts(text, { copies, recorded: new Set(['TOKEN', 'OTHER']) }))).toEqual({
      lost: [],
      absent: [],
    });
  });

  it('are lost when a record or a copy proves that they had a value, and absent otherwise', () => {
    expect(findLostSecrets(facts('', { copies }))).toEqual({
      lost: [{ name: 'TOKEN', places: ['history'], others: [] }],
      absent: ['OTHER'],
    });
    expect(findLostSecrets(facts('', { recorded: new Set(['OTHER']) })).lost).toEqual([
      { name: 'OTHER', places: [], others: [] },
    ]);
  });

  it('are reported separately when backups hold different values', () => {
    const bak = { place: 'bak', values: new Map([['TOKEN', 'of before a rotation']]) };
    const container = { place: 'container', values: new Map([['TOKEN', `x-${token}`]]) };
    expect(findLostSecrets(facts('', { copies: [...copies, bak, container] })).lost).toEqual([
      { name: 'TOKEN', places: ['history', 'container'], others: ['bak'] },
    ]);
  });

  it('are lost when the value was truncated: a copy is longer, or the file ends inside the value', () => {
    const half = text.slice(0, text.indexOf(token) + 5);
    const names = ['TOKEN', 'OTHER'];
    expect(
      findLostSecrets(facts(`${half}\n`, { copies, recorded: new Set(names) })).lost.map(({ name }) => name),
    ).toEqual(names);
    expect(findLostSecrets(facts(half, { recorded: new Set(names) })).lost.map(({ name }) => name)).toEqual(names);
  });

  it('are not lost when the operator set a value', () => {
    const own = text.replace(token, 'my own');
    expect(findLostSecrets(facts(own, { copies }))).toEqual({ lost: [], absent: [] });
    expect(findLostSecrets(facts(own.trimEnd(), { copies })).lost).toEqual([]);
  });

  it('do not need a value when they are rotated', () => {
    const found = findLostSecrets(facts('', { copies, rotate: new Set(['TOKEN']) }));
    expect(found).toEqual({ lost: [], absent: ['OTHER'] });
  });
});

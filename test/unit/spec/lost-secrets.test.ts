import { describe, expect, it } from 'vitest';
import { findLostSecrets, type SecretFacts } from '../../../src/spec/lost-secrets.js';
import { parseSecretsEnv } from '../../../src/spec/secrets.js';

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

  it('none where the file holds them, whatever else is known', () => {
    expect(findLostSecrets(facts(text, { copies, recorded: new Set(['TOKEN', 'OTHER']) }))).toEqual({
      lost: [],
      absent: [],
    });
  });

  it('a name is lost where a record or a copy tells that it had a value, and absent where nothing does', () => {
    expect(findLostSecrets(facts('', { copies }))).toEqual({
      lost: [{ name: 'TOKEN', places: ['history'], others: [] }],
      absent: ['OTHER'],
    });
    expect(findLostSecrets(facts('', { recorded: new Set(['OTHER']) })).lost).toEqual([
      { name: 'OTHER', places: [], others: [] },
    ]);
  });

  it('places that hold another value than the first are told apart', () => {
    const bak = { place: 'bak', values: new Map([['TOKEN', 'of before a rotation']]) };
    const container = { place: 'container', values: new Map([['TOKEN', `x-${token}`]]) };
    expect(findLostSecrets(facts('', { copies: [...copies, bak, container] })).lost).toEqual([
      { name: 'TOKEN', places: ['history', 'container'], others: ['bak'] },
    ]);
  });

  it('a value that was cut is lost: a copy is longer, or it ends with the file and is no whole value', () => {
    const half = text.slice(0, text.indexOf(token) + 5);
    const names = ['TOKEN', 'OTHER'];
    expect(
      findLostSecrets(facts(`${half}\n`, { copies, recorded: new Set(names) })).lost.map(({ name }) => name),
    ).toEqual(names);
    expect(findLostSecrets(facts(half, { recorded: new Set(names) })).lost.map(({ name }) => name)).toEqual(names);
  });

  it('a value that the operator put there counts', () => {
    const own = text.replace(token, 'my own');
    expect(findLostSecrets(facts(own, { copies }))).toEqual({ lost: [], absent: [] });
    expect(findLostSecrets(facts(own.trimEnd(), { copies })).lost).toEqual([]);
  });

  it('what is rotated needs no value', () => {
    const found = findLostSecrets(facts('', { copies, rotate: new Set(['TOKEN']) }));
    expect(found).toEqual({ lost: [], absent: ['OTHER'] });
  });
});

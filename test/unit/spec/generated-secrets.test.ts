import { describe, expect, it } from 'vitest';
import {
  findTokens,
  parseSecretsEnv,
  renderSecretsEnv,
  resolveSecrets,
  type ResolvedSecrets,
  type StoredSecret,
} from '../../../src/spec/generated-secrets.js';

function resolve(
  config: Record<string, string>,
  existing?: ReadonlyMap<string, StoredSecret>,
  rotate: string[] = [],
): ResolvedSecrets {
  return resolveSecrets(new Map(Object.entries(config)), existing, { rotate: new Set(rotate) });
}

/** Reads from the file of a first update what a later update reads. */
function stored(resolved: ResolvedSecrets): Map<string, StoredSecret> {
  return parseSecretsEnv(renderSecretsEnv(resolved));
}

describe('findTokens', () => {
  it('finds several in a longer value', () => {
    const { parts, problems } = findTokens('a$generate:hex:2$b$generate:base64:3$$generate:hex:1$');
    expect(problems).toEqual([]);
    expect(parts).toEqual([
      'a',
      { type: 'hex', bytes: 2 },
      'b',
      { type: 'base64', bytes: 3 },
      { type: 'hex', bytes: 1 },
    ]);
  });

  it.each([
    ['$generate:hex:$', '$generate:hex:$ is not complete'],
    ['x $generate:hex:32', '$generate:hex:32 is not complete'],
    ['$generate:$', 'is not complete'],
    ['$generate:hex:-1$', 'is not complete'],
    ['$generate:uuid:4$', '"uuid" is not hex or base64'],
    ['$generate:HEX:4$', 'did you mean hex?'],
    ['$generate:base46:4$', 'did you mean base64?'],
    ['$generate:hex:0$', 'must be 1 to 4096'],
    ['$generate:hex:4097$', 'must be 1 to 4096'],
    ['$generate:hex:99999999999999999999$', 'must be 1 to 4096'],
  ])('rejects %s', (value, message) => {
    expect(findTokens(value).problems).toEqual([expect.stringContaining(message)]);
    expect(resolve({ PW: value }).problems).toEqual([
      { name: 'PW', message: expect.stringContaining(message) as string },
    ]);
  });

  it.each(['generate', '$generate', '$HOME', '$$', 'generate:hex:4$', ''])('treats %j as text', (value) => {
    expect(findTokens(value)).toMatchObject({ tokens: [], problems: [] });
  });
});

describe('resolveSecrets', () => {
  it('generates a secret once, replaces its token and leaves the rest alone', () => {
    const { plain, secret, problems } = resolve({
      A: 'plain $HOME',
      PW: '$generate:hex:16$',
      KEY: '$generate:base64:32$',
      URL: 'postgres://u:$generate:hex:4$@db/$generate:hex:4$?x=$y',
    });
    expect(problems).toEqual([]);
    expect([...plain]).toEqual([['A', 'plain $HOME']]);
    expect(secret.get('PW')).toMatch(/^[0-9a-f]{32}$/);
    expect(Buffer.from(secret.get('KEY') ?? '', 'base64')).toHaveLength(32);
    const [, one, two] = /^postgres:\/\/u:([0-9a-f]{8})@db\/([0-9a-f]{8})\?x=\$y$/.exec(secret.get('URL') ?? '') ?? [];
    expect(one).toBeDefined();
    expect(one).not.toBe(two);
  });

  it('keeps every value across updates, byte for byte', () => {
    const config = { PW: '$generate:hex:16$', URL: 'a\n"\'\\ $x #$generate:base64:16$\r' };
    const first = resolve(config);
    const second = resolve(config, stored(first));
    expect(second.secret).toEqual(first.secret);
    expect(renderSecretsEnv(second)).toBe(renderSecretsEnv(first));
  });

  it('changes only the text around a secret', () => {
    const first = resolve({ URL: 'http://u:$generate:hex:8$@a.b/$generate:base64:9$' });
    const [, one, two] = /u:(.{16})@a\.b\/(.{12})$/.exec(first.secret.get('URL') ?? '') ?? [];
    const second = resolve(
      { URL: 'https://v:$generate:hex:8$@[c]/$generate:base64:9$?$generate:hex:1$' },
      stored(first),
    );
    expect(second.secret.get('URL')).toMatch(`https://v:${one ?? '?'}@[c]/${two ?? '?'}?`);
    expect(second.secret.get('URL')).toHaveLength('https://v:@[c]/?'.length + 16 + 12 + 2);
    expect(second.warnings).toEqual([]);
  });

  it('keeps the secret when only its token changed, and reports that', () => {
    const first = resolve({ PW: '$generate:hex:8$' });
    const second = resolve({ PW: 'x$generate:hex:32$' }, stored(first));
    expect(second.secret.get('PW')).toBe(`x${first.secret.get('PW') ?? ''}`);
    expect(second.warnings).toEqual([{ name: 'PW', message: expect.stringContaining('rotate') as string }]);
  });

  it('generates new secrets for the names to rotate only', () => {
    const config = { A: '$generate:hex:8$', B: 'x$generate:hex:8$' };
    const first = resolve(config);
    const second = resolve(config, stored(first), ['B']);
    expect(second.secret.get('A')).toBe(first.secret.get('A'));
    expect(second.secret.get('B')).not.toBe(first.secret.get('B'));
  });

  it('keeps a value that the operator set by hand', () => {
    const byHand = parseSecretsEnv(
      renderSecretsEnv(resolve({ PW: '$generate:hex:8$', URL: 'a$generate:hex:8$b' }))
        .replace(/^PW=.*$/m, 'PW="my own"')
        .replace(/^URL=.*$/m, 'URL=own'),
    );
    const same = resolve({ PW: '$generate:hex:8$', URL: 'a$generate:hex:8$b' }, byHand);
    expect([...same.secret]).toEqual([
      ['PW', 'my own'],
      ['URL', 'own'],
    ]);

    const changed = resolve({ PW: 'x-$generate:hex:8$', URL: 'c$generate:hex:8$d' }, byHand);
    expect(changed.secret.get('PW')).toBe('x-my own');
    expect(changed.problems).toEqual([{ name: 'URL', message: expect.stringContaining('edited by hand') as string }]);
  });

  it('keeps a value whose comment is gone', () => {
    const first = resolve({ PW: '$generate:hex:8$' });
    const bare = parseSecretsEnv(`PW=${first.secret.get('PW') ?? ''}\n`);
    expect(resolve({ PW: 'other $generate:hex:9$' }, bare).secret).toEqual(first.secret);
  });

  it('restores the value of a name that returns to the config, and sets it nowhere in the meantime', () => {
    const first = resolve({ PW: '$generate:hex:8$', URL: 'x$generate:hex:8$' });
    const without = resolve({ URL: 'now literal' }, stored(first));
    const text = renderSecretsEnv(without);
    expect(text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([]);
    expect(resolve({ URL: 'y$generate:hex:8$', PW: '$generate:hex:8$' }, parseSecretsEnv(text)).secret).toEqual(
      new Map([
        ['URL', (first.secret.get('URL') ?? '').replace('x', 'y')],
        ['PW', first.secret.get('PW')],
      ]),
    );
  });

  it('uses the given source of randomness, and never less of it than requested', () => {
    const asked: number[] = [];
    const { secret } = resolveSecrets(new Map([['A', '$generate:hex:3$-$generate:base64:1$']]), undefined, {
      rotate: new Set(),
      random: (bytes) => {
        asked.push(bytes);
        return Buffer.alloc(bytes, 0xab);
      },
    });
    expect(asked).toEqual([3, 1]);
    expect(secret.get('A')).toBe('ababab-qw==');
  });
});

describe('parseSecretsEnv', () => {
  it('copes with comments that were damaged by hand', () => {
    expect([
      ...parseSecretsEnv('# A from "x\n# no longer in the config: {"name":1}\n# no longer in the config: {\nA=1\n'),
    ]).toEqual([['A', { value: '1', retired: false }]]);
  });
});

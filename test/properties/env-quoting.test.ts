import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEnvFile, renderConfigEnv } from '../../src/spec/environment.js';
import { envFileSpecials } from '../support/values/env-values.js';
import { parseSecretsEnv, renderSecretsEnv, resolveSecrets } from '../../src/spec/generated-secrets.js';

/** Values mostly of characters that env files treat specially. */
const value = fc.string({
  unit: fc.oneof(
    fc.constantFrom(...envFileSpecials, '$A', '${A}', '\ufeff', '\u0085'),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }).filter((text) => !text.includes('\0')),
  ),
  maxLength: 20,
});
const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/);
const entries = fc
  .uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, maxLength: 8 })
  .map((pairs) => new Map(pairs));

describe('values written to an env file are read back unchanged', () => {
  it('config.env', () => {
    fc.assert(
      fc.property(entries, (config) => {
        const text = renderConfigEnv(config, []);
        expect([...parseEnvFile(text, 'config.env', (key) => `environment of ${key}`)]).toEqual([...config]);
        // One line each, because scripts grep them.
        expect(text.split('\n')).toHaveLength(4 + config.size + 1);
      }),
      { numRuns: 500 },
    );
  });
});

describe('secrets.env', () => {
  const template = fc
    .array(
      fc.oneof(
        value.filter((text) => !text.includes('$')),
        fc.constantFrom('$generate:hex:4$', '$generate:base64:5$'),
      ),
      { minLength: 1, maxLength: 6 },
    )
    .map((parts) => parts.join(''));
  const config = fc
    .uniqueArray(fc.tuple(name, template), { selector: ([key]) => key, maxLength: 5 })
    .map((pairs) => new Map(pairs));

  it('has the same values however often it is read and written', () => {
    fc.assert(
      fc.property(config, (templates) => {
        const first = resolveSecrets(templates, undefined, { rotate: new Set() });
        expect(first.problems).toEqual([]);
        const second = resolveSecrets(templates, parseSecretsEnv(renderSecretsEnv(first)), { rotate: new Set() });
        expect(second.secret).toEqual(first.secret);
        expect(renderSecretsEnv(second)).toBe(renderSecretsEnv(first));
      }),
    );
  });

  it('keeps the secret parts when every other part of a value changes', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', '0', 'f', '+', '/', '=', ' ', '\n', '.', '(', '"'),
      maxLength: 6,
    });
    fc.assert(
      fc.property(text, text, text, text, text, text, (a, b, c, d, e, f) => {
        const tokens = ['$generate:hex:4$', '$generate:base64:5$'];
        const before = resolveSecrets(new Map([['S', [a, tokens[0], b, tokens[1], c].join('')]]), undefined, {
          rotate: new Set(),
        });
        const old = before.secret.get('S') ?? '';
        const [hex, base64] = [
          old.slice(a.length, a.length + 8),
          old.slice(a.length + 8 + b.length, old.length - c.length),
        ];
        const after = resolveSecrets(
          new Map([['S', [d, tokens[0], e, tokens[1], f].join('')]]),
          parseSecretsEnv(renderSecretsEnv(before)),
          { rotate: new Set() },
        );
        expect(after.secret.get('S')).toBe([d, hex, e, base64, f].join(''));
      }),
    );
  });
});

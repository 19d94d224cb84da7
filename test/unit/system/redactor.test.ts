import { describe, expect, it } from 'vitest';
import { credentialSecrets } from '../../../src/spec/environment.js';
import { Redactor } from '../../../src/system/redactor.js';

describe('text that may be shown', () => {
  it('has secrets masked, the longest first, and each line of a secret of several lines', () => {
    const shown = new Redactor();
    shown.conceal(['hunter2', 'postgres://app:hunter2@db']);
    shown.conceal(['-----KEY-----\nAbCdEf\n']);
    expect(shown.redact('at postgres://app:hunter2@db with hunter2')).toBe('at *** with ***');
    expect(shown.redact('    AbCdEf\n    x')).toBe('    ***\n    x');
  });

  it('keeps short secrets, which occur in too many words', () => {
    const shown = new Redactor();
    shown.conceal(['a', 'ab', '80', '', '    ']);
    expect(shown.redact('web:80 a b    ')).toBe('web:80 a b    ');
  });

  it('contains nothing that a terminal would interpret', () => {
    expect(new Redactor().redact('\u001b[31mred\u001b[0m \u0007 a\r\nb\rc\u009b1m\n')).toBe('red \\x07 a\nb\\x0dc\n');
  });
});

describe('secrets in a credentials file', () => {
  it('are long values, without words under harmless names', () => {
    const text = [
      'PASSWORD=in-the-config',
      '# From credentials file: ~/a.env',
      'DB_USER=postgres',
      'PORT=5432',
      'DB_PASS=correcthorse',
      'DSN=x:y1234567',
      '',
    ].join('\n');
    expect(credentialSecrets(text, 'config.env')).toEqual(['correcthorse', 'x:y1234567']);
  });

  it('do not exist without a credentials file', () => {
    expect(credentialSecrets('PASSWORD=in-the-config\n', 'config.env')).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { credentialSecrets } from '../../../src/spec/environment.js';
import { ShownText } from '../../../src/system/shown-text.js';

describe('ShownText: what may be shown (issue: no secret in output)', () => {
  it('masks secrets, the longest first, and each line of those of several lines', () => {
    const shown = new ShownText();
    shown.conceal(['hunter2', 'postgres://app:hunter2@db']);
    shown.conceal(['-----KEY-----\nAbCdEf\n']);
    expect(shown.of('at postgres://app:hunter2@db with hunter2')).toBe('at *** with ***');
    expect(shown.of('    AbCdEf\n    x')).toBe('    ***\n    x');
  });

  it('leaves short texts: they are in too many words', () => {
    const shown = new ShownText();
    shown.conceal(['a', 'ab', '80', '', '    ']);
    expect(shown.of('web:80 a b    ')).toBe('web:80 a b    ');
  });

  it('shows nothing that a terminal acts on', () => {
    expect(new ShownText().of('\u001b[31mred\u001b[0m \u0007 a\r\nb\rc\u009b1m\n')).toBe('red \\x07 a\nb\\x0dc\n');
  });
});

describe('credentialSecrets: what of a credentials file is a secret', () => {
  it('is what is long enough, and no word under a harmless name', () => {
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

  it('is nothing without a credentials file', () => {
    expect(credentialSecrets('PASSWORD=in-the-config\n', 'config.env')).toEqual([]);
  });
});

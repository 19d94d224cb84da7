import { describe, expect, it } from 'vitest';
import { plainScalar } from '../../../../src/compose/model/scalar.js';

describe('an unquoted scalar as Compose reads it', () => {
  it.each([
    ['', 'null', ''],
    ['~', 'null', ''],
    ['Null', 'null', ''],
    ['nUll', 'text', 'nUll'],
    ['true', 'bool', 'true'],
    ['TRUE', 'bool', 'true'],
    ['yes', 'text', 'yes'],
    ['017', 'int', '15'],
    ['0o17', 'int', '15'],
    ['0x1F', 'int', '31'],
    ['-0b11', 'int', '-3'],
    ['1_000', 'int', '1000'],
    ['+12', 'int', '12'],
    ['089', 'float', '89'],
    ['1.50', 'float', '1.5'],
    ['1e3', 'float', '1000'],
    ['1000000.0', 'float', '1e+06'],
    ['0.00001', 'float', '1e-05'],
    ['0.0001', 'float', '0.0001'],
    ['1e400', 'text', '1e400'],
    ['18446744073709551615', 'int', '18446744073709551615'],
    ['18446744073709551616', 'float', '1.8446744073709552e+19'],
    ['1.2.3', 'text', '1.2.3'],
    ['190:20:30', 'text', '190:20:30'],
    ['2024-01-31', 'unusable', '2024-01-31'],
    ['2024-1-31T10:00:00Z', 'unusable', '2024-1-31T10:00:00Z'],
    ['.inf', 'unusable', '.inf'],
    ['.NaN', 'unusable', '.NaN'],
  ])('resolves %j as %s %j', (source, type, text) => {
    expect(plainScalar(source)).toEqual({ type, text });
  });
});

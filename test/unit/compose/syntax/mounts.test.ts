import { describe, expect, it } from 'vitest';
import { type ComposeMount, parseMount } from '../../../../src/compose/syntax/mounts.js';

describe('parseMount', () => {
  it.each<[unknown, ComposeMount]>([
    ['data:/x', { kind: 'volume', source: 'data', target: '/x', readOnly: false }],
    ['data:/x:ro', { kind: 'volume', source: 'data', target: '/x', readOnly: true }],
    ['data:/x:z,ro', { kind: 'volume', source: 'data', target: '/x', readOnly: true }],
    ['data:/x:rw', { kind: 'volume', source: 'data', target: '/x', readOnly: false }],
    ['./a:/x', { kind: 'bind', source: './a', target: '/x', readOnly: false }],
    ['../config/a:/x:ro', { kind: 'bind', source: '../config/a', target: '/x', readOnly: true }],
    ['/a:/x', { kind: 'bind', source: '/a', target: '/x', readOnly: false }],
    ['~/a:/x', { kind: 'bind', source: '~/a', target: '/x', readOnly: false }],
    ['data:/x:ro,rw', { kind: 'volume', source: 'data', target: '/x', readOnly: false }],
    ['a:/x', { kind: 'anonymous', target: 'a:/x', readOnly: false }],
    ['a:/x:/y', { kind: 'bind', source: 'a:/x', target: '/y', readOnly: false }],
    ['C:\\a:/x:ro', { kind: 'bind', source: 'C:\\a', target: '/x', readOnly: true }],
    ['./[a:/b]', { kind: 'bind', source: './[a', target: '/b]', readOnly: false }],
    ['\\\\host\\a:/x', { kind: 'bind', source: '\\\\host\\a', target: '/x', readOnly: false }],
    ['/x', { kind: 'anonymous', target: '/x', readOnly: false }],
    ['${DIR:-./a}:/x', { kind: 'other', source: '${DIR:-./a}', target: '/x', readOnly: false }],
    ['./${DIR:-a}:/x', { kind: 'bind', source: './${DIR:-a}', target: '/x', readOnly: false }],
    [
      { type: 'volume', source: 'data', target: '/x', read_only: true },
      { kind: 'volume', source: 'data', target: '/x', readOnly: true },
    ],
    [
      { type: 'volume', target: '/x' },
      { kind: 'anonymous', target: '/x', readOnly: false },
    ],
    [
      { type: 'bind', source: './a', target: '/x' },
      { kind: 'bind', source: './a', target: '/x', readOnly: false },
    ],
    [
      { type: 'tmpfs', target: '/x' },
      { kind: 'tmpfs', target: '/x', readOnly: false },
    ],
    [
      { type: 'npipe', source: 'p', target: '/x' },
      { kind: 'other', source: 'p', target: '/x', readOnly: false },
    ],
  ])('reads %j', (value, expected) => {
    expect(parseMount(value)).toEqual(expected);
  });

  it.each<unknown>(['', ':', 'data:', 'data:/x:ro:z', 80, null, [], {}, { source: 'a', target: '/x' }])(
    'rejects %j',
    (value) => {
      expect(parseMount(value)).toBeUndefined();
    },
  );
});

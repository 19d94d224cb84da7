import { describe, expect, it } from 'vitest';
import { differences } from '../../../../../src/deployers/kubernetes/apply/drift.js';

describe('differences between the wanted and the live object', () => {
  it.each([
    ['a default that the server adds', { a: 1 }, { a: 1, b: 2 }, []],
    ['empty values that the server leaves out', { a: '', b: false, c: [], d: {}, e: null, f: 0 }, {}, []],
    ['a value', { spec: { a: 1 } }, { spec: { a: 2 } }, ['spec.a']],
    ['a number as text', { a: '1' }, { a: 1 }, ['a']],
    ['a missing map', { spec: { a: { b: 1 } } }, { spec: {} }, ['spec.a']],
    ['a list whose order matters', { args: ['a', 'b'] }, { args: ['b', 'a'] }, ['args[0]', 'args[1]']],
    ['a longer list', { args: ['a'] }, { args: ['a', 'b'] }, ['args']],
    [
      'a field set by others in a list of the program',
      { rules: [{ host: 'x' }] },
      { rules: [{ host: 'x', http: {} }] },
      [],
    ],
  ])('%s', (_, wanted, live, expected) => {
    expect(differences(wanted, live)).toEqual(expected);
  });

  it.each([
    ['cpu', '0.5', '500m', true],
    ['cpu', '1.50', '1500m', true],
    ['cpu', '1', '2', false],
    ['memory', '1024Mi', '1Gi', true],
    ['memory', '1073741824', '1Gi', true],
    ['memory', '2000M', '2Gi', false],
  ])('compare amounts by value: %s %s and %s', (kind, wanted, live, same) => {
    const amount = (value: string) => ({ limits: { [kind]: value } });
    expect(differences(amount(wanted), amount(live))).toEqual(same ? [] : [`limits.${kind}`]);
  });

  it('ignore list elements of others and the order, by merging lists by key as the server does', () => {
    const wanted = { containers: [{ name: 'web', env: [{ name: 'A', value: '1' }], ports: [{ containerPort: 80 }] }] };
    const live = {
      containers: [
        { name: 'injected' },
        {
          name: 'web',
          env: [
            { name: 'B', value: '2' },
            { name: 'A', value: '1' },
          ],
          ports: [{ containerPort: 80, protocol: 'TCP' }],
        },
      ],
    };
    expect(differences(wanted, live)).toEqual([]);
    const other = { containers: [{ name: 'web', env: [{ name: 'A', value: '2' }] }, { name: 'side' }] };
    expect(differences(other, live)).toEqual(['containers[web].env[A].value', 'containers[side]']);
  });

  it('tell one port in two protocols apart', () => {
    const port = (protocol?: string) => ({ port: 53, ...(protocol ? { protocol } : {}), targetPort: 53 });
    expect(differences({ ports: [port('UDP'), port()] }, { ports: [port('TCP'), port('UDP')] })).toEqual([]);
    expect(differences({ ports: [port('UDP')] }, { ports: [port('TCP')] })).toEqual(['ports[53/UDP]']);
  });
});

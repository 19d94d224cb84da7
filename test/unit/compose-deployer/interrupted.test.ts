import { describe, expect, it } from 'vitest';
import { findLeftovers } from '../../../src/deployers/compose/interrupted.js';
import type { ObservedContainer } from '../../../src/deployers/compose/observe.js';

function container(id: string, name: string, status = 'created'): ObservedContainer {
  return { container: { id, name }, details: { State: { Status: status } } } as ObservedContainer;
}

const old = container('44d143f08412aaaa', 'p-web-1', 'exited');
const half = container('542932ec72d9bbbb', '44d143f08412_p-web-1');

describe('what a killed up leaves of a container it was making anew', () => {
  it('goes while its forerunner exists', () => {
    expect(findLeftovers([old, half])).toEqual([{ container: half }]);
  });

  it('gets its name when the forerunner is gone: it alone knows the anonymous volumes', () => {
    expect(findLeftovers([half])).toEqual([{ container: half, name: 'p-web-1' }]);
  });

  it('is left alone when it runs, or when its name belongs to another', () => {
    expect(findLeftovers([container('5', '44d143f08412_p-web-1', 'running')])).toEqual([]);
    expect(findLeftovers([half, container('99', 'p-web-1', 'running')])).toEqual([]);
    expect(findLeftovers([old])).toEqual([]);
  });
});

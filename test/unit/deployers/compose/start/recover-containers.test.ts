import { describe, expect, it } from 'vitest';
import { findHalfRecreated } from '../../../../../src/deployers/compose/start/recover-containers.js';
import type { ObservedContainer } from '../../../../../src/deployers/compose/resources/observe.js';

function container(id: string, name: string, status = 'created'): ObservedContainer {
  return { container: { id, name }, details: { State: { Status: status } } } as ObservedContainer;
}

const old = container('44d143f08412aaaa', 'p-web-1', 'exited');
const half = container('542932ec72d9bbbb', '44d143f08412_p-web-1');

describe('a container that a killed "up" was about to recreate', () => {
  it('is removed while the original container exists', () => {
    expect(findHalfRecreated([old, half])).toEqual([{ container: half }]);
  });

  it('gets its name back when the original is gone, since only it refers to the anonymous volumes', () => {
    expect(findHalfRecreated([half])).toEqual([{ container: half, name: 'p-web-1' }]);
  });

  it('is left alone when it runs, or when another container has its name', () => {
    expect(findHalfRecreated([container('5', '44d143f08412_p-web-1', 'running')])).toEqual([]);
    expect(findHalfRecreated([half, container('99', 'p-web-1', 'running')])).toEqual([]);
    expect(findHalfRecreated([old])).toEqual([]);
  });
});

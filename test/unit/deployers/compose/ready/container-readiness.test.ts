import { describe, expect, it } from 'vitest';
import {
  containerReadiness,
  type ReadinessFacts,
} from '../../../../../src/deployers/compose/ready/container-readiness.js';
import { crashLimit, Crashes } from '../../../../../src/deployers/readiness/readiness.js';

function facts(state: Record<string, unknown>, policy = 'no', restarts = 0): ReadinessFacts {
  return {
    State: { ExitCode: 0, OOMKilled: false, Error: '', ...state },
    RestartCount: restarts,
    HostConfig: { RestartPolicy: { Name: policy } },
  } as unknown as ReadinessFacts;
}
const health = (status: string) => ({ Status: 'running', Health: { Status: status, Log: [] } });

describe('readiness of a container', () => {
  it.each([
    ['has run long enough', facts({ Status: 'running' }), 500, { kind: 'ready', state: 'running' }],
    [
      'has not run long enough',
      facts({ Status: 'running' }),
      120,
      { kind: 'waiting', state: 'running', recheckMs: 380 },
    ],
    ['is healthy', facts(health('healthy')), 0, { kind: 'ready', state: 'healthy' }],
    ['is not yet healthy', facts(health('starting')), 9000, { kind: 'waiting', state: 'running, not healthy yet' }],
    ['is unhealthy', facts(health('unhealthy')), 9000, { kind: 'failed', state: 'unhealthy' }],
    ['has its healthcheck disabled', facts(health('none')), 500, { kind: 'ready', state: 'running' }],
    ['has completed', facts({ Status: 'exited' }), 0, { kind: 'ready', state: 'completed' }],
    [
      'has completed, and restarts only on failure',
      facts({ Status: 'exited' }, 'on-failure'),
      0,
      { kind: 'ready', state: 'completed' },
    ],
    ['has failed', facts({ Status: 'exited', ExitCode: 3 }), 0, { kind: 'failed', state: 'exited with code 3' }],
    [
      'ran out of memory',
      facts({ Status: 'exited', ExitCode: 137, OOMKilled: true }),
      0,
      { kind: 'failed', state: 'killed: out of memory' },
    ],
    [
      'has used up its retries',
      facts({ Status: 'exited', ExitCode: 1 }, 'on-failure', 3),
      0,
      { kind: 'failed', state: 'exited with code 1' },
    ],
    [
      'was stopped by hand',
      facts({ Status: 'exited' }, 'always'),
      0,
      { kind: 'failed', state: 'stopped with exit code 0' },
    ],
    ['is dead', facts({ Status: 'dead' }), 0, { kind: 'failed', state: 'dead' }],
    ['was never started', facts({ Status: 'created' }), 0, { kind: 'waiting', state: 'created' }],
  ])('a container that %s', (_, container, runningMs, readiness) => {
    expect(containerReadiness(container, runningMs, 500)).toEqual(readiness);
  });

  it('counts restarts, also those of a container that runs between two crashes', () => {
    expect(containerReadiness(facts({ Status: 'restarting', ExitCode: 4 }, 'always', 2), 0, 500)).toEqual({
      kind: 'looping',
      state: 'restarting after exit code 4 (restarted 2 times)',
      restarts: 2,
      pausing: true,
    });
    expect(containerReadiness(facts(health('starting'), 'always', 1), 0, 500)).toMatchObject({
      kind: 'looping',
      pausing: false,
    });
  });
});

describe('the crashes of a container', () => {
  it('are counted since something last became ready', () => {
    const crashes = new Crashes();
    const exhausted = (restarts: number): boolean => crashes.since('a', restarts) >= crashLimit;
    expect([1, 2, 4].map(exhausted)).toEqual([false, false, false]);
    crashes.forgive();
    expect([5, 8, 9].map(exhausted)).toEqual([false, false, true]);
  });

  it('all count for one that was looping before, but not for one that crashed long ago', () => {
    expect(new Crashes().since('a', 500)).toBe(500);
    const crashes = new Crashes();
    expect([500, 502].map((restarts) => crashes.since('a', restarts, restarts))).toEqual([0, 2]);
  });
});

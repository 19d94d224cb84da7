import { describe, expect, it } from 'vitest';
import { isDegraded, missingServices } from '../../../../../src/deployers/compose/operate/status.js';
import type { ContainerStatus } from '../../../../../src/deployers/status.js';
import { container } from '../../../output/containers.js';

const web = container({
  ports: [
    { containerPort: 80, protocol: 'tcp', host: { ip: '0.0.0.0', port: 32768 } },
    { containerPort: 90, protocol: 'udp' },
    { containerPort: 443, protocol: 'tcp', host: { ip: '::', port: 8443 } },
  ],
});
const plain = container({ service: 'side' });
const exited = container({ service: 'db', state: 'exited', exitCode: 3, health: 'unhealthy' });
const done = container({ service: 'init', state: 'exited', exitCode: 0, completed: true });
const down = container({ service: 'down', state: 'exited', exitCode: 0 });
const sick = container({ service: 'sick', health: 'unhealthy' });
const looping = container({ service: 'loop', state: 'restarting', exitCode: 1, restarts: 7, keptRunning: true });
const job = container({ service: 'job', name: 'p-job-run-1', job: true });

describe('whether a deployment is degraded', () => {
  it.each<[string, ContainerStatus[], boolean]>([
    ['all run', [web, plain], false],
    ['a healthcheck is still starting', [container({ health: 'starting' })], false],
    ['a one-shot is done', [web, done], false],
    ['a server was stopped and exited with 0', [web, down], true],
    ['a one-shot failed', [web, exited], true],
    ['a healthcheck failed', [web, sick], true],
    ['one keeps restarting', [web, looping], true],
    ['one was stopped by hand', [container({ state: 'exited', exitCode: 0, keptRunning: true })], true],
    ['one was never started', [container({ state: 'created' })], true],
    ['one is paused', [container({ state: 'paused' })], true],
    ['a job failed', [web, container({ job: true, state: 'exited', exitCode: 1 })], false],
  ])('%s', (_what, containers, degraded) => {
    expect(containers.some(isDegraded)).toBe(degraded);
  });

  it('expected services without a container are missing; those of jobs do not count', () => {
    expect(missingServices([web], ['web'])).toEqual([]);
    expect(missingServices([web, job], ['web', 'db', 'job'])).toEqual(['db', 'job']);
  });
});

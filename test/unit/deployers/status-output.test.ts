import type { ContainerStatus } from '../../../src/deployers/deployer.js';
import { describe, expect, it } from 'vitest';
import {
  isDegraded,
  renderPs,
  renderPsJson,
  renderStatus,
  renderStatusJson,
} from '../../../src/deployers/status-output.js';

function container(part: Partial<ContainerStatus>): ContainerStatus {
  const service = part.service ?? 'web';
  return {
    id: `id-${service}`,
    name: `p-${service}-1`,
    service,
    image: 'i:local',
    state: 'running',
    restarts: 0,
    ports: [],
    ...part,
  };
}

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

describe('ps', () => {
  it('prints running containers in the format that scripts read, with a trailing space where there are no ports', () => {
    expect(renderPs([plain, web])).toBe(
      'Running containers:\n' +
        'id: id-side, name: p-side-1, ports: \n' +
        'id: id-web, name: p-web-1, ports: 0.0.0.0:32768->80/tcp, 90/udp, [::]:8443->443/tcp\n',
    );
  });

  it('lists the other containers below, with state, exit code and health', () => {
    expect(renderPs([plain, exited, looping])).toBe(
      'Running containers:\nid: id-side, name: p-side-1, ports: \n' +
        'Not running:\n' +
        'id: id-db, name: p-db-1, state: exited, exit code: 3, health: unhealthy\n' +
        'id: id-loop, name: p-loop-1, state: restarting, exit code: 1\n',
    );
  });

  it.each([[[]], [[job]]])('says that nothing runs without the words that scripts wait for', (containers) => {
    expect(renderPs(containers)).toBe('No containers running\n');
  });

  it('says that nothing runs although containers exist', () => {
    const text = renderPs([done]);
    expect(text).toBe(
      'No containers running\nNot running:\nid: id-init, name: p-init-1, state: exited, exit code: 0\n',
    );
    expect(text).not.toContain('Running containers:');
  });

  it('prints the same as one JSON document', () => {
    expect(JSON.parse(renderPsJson([web, done, job]))).toEqual({ containers: [web, done] });
  });
});

describe('status', () => {
  it('prints name and state first, nothing more for a healthy container, and that a healthcheck has not answered yet', () => {
    expect(renderStatus([plain, container({ health: 'healthy' }), container({ health: 'starting' })])).toBe(
      'p-side-1\trunning\np-web-1\trunning\np-web-1\trunning\tstarting\n',
    );
  });

  it('adds details about the other containers', () => {
    expect(renderStatus([exited, done, down, sick, looping, job])).toBe(
      'p-db-1\texited\texit code 3\n' +
        'p-init-1\texited\texit code 0\tcompleted\n' +
        'p-down-1\texited\texit code 0\n' +
        'p-sick-1\trunning\tunhealthy\n' +
        'p-loop-1\trestarting\texit code 1\t7 restarts\n' +
        'p-job-run-1\trunning\tjob\n',
    );
  });

  it('prints nothing when there are no containers', () => {
    expect(renderStatus([])).toBe('');
  });

  it('is one JSON document with jobs, health and missing services', () => {
    expect(JSON.parse(renderStatusJson([web, job], ['web', 'db', 'job'], []))).toEqual({
      degraded: true,
      missing: ['db', 'job'],
      behind: [],
      containers: [web, job],
    });
  });
});

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
    expect(isDegraded(containers, [])).toBe(degraded);
  });

  it('depends on an expected service without a container', () => {
    expect(isDegraded([web], ['web'])).toBe(false);
    expect(isDegraded([web], ['web', 'db'])).toBe(true);
    expect(isDegraded([web, job], ['web', 'job'])).toBe(true);
  });
});

import { describe, expect, it } from 'vitest';
import type { ContainerStatus } from '../../../src/deployers/status.js';
import { statusText } from '../../../src/output/status.js';
import { container } from './containers.js';

const plain = container({ service: 'side' });
const exited = container({ service: 'db', state: 'exited', exitCode: 3, health: 'unhealthy' });
const done = container({ service: 'init', state: 'exited', exitCode: 0, completed: true });
const down = container({ service: 'down', state: 'exited', exitCode: 0 });
const sick = container({ service: 'sick', health: 'unhealthy' });
const looping = container({ service: 'loop', state: 'restarting', exitCode: 1, restarts: 7, keptRunning: true });
const job = container({ service: 'job', name: 'p-job-run-1', job: true });

const text = (containers: ContainerStatus[]): string =>
  statusText({ degraded: false, missing: [], behind: [], warnings: [], containers });

describe('status', () => {
  it('prints name and state first, nothing more for a healthy container, and that a healthcheck has not answered yet', () => {
    expect(text([plain, container({ health: 'healthy' }), container({ health: 'starting' })])).toBe(
      'p-side-1\trunning\np-web-1\trunning\np-web-1\trunning\tstarting\n',
    );
  });

  it('adds details about the other containers', () => {
    expect(text([exited, done, down, sick, looping, job])).toBe(
      'p-db-1\texited\texit code 3\n' +
        'p-init-1\texited\texit code 0\tcompleted\n' +
        'p-down-1\texited\texit code 0\n' +
        'p-sick-1\trunning\tunhealthy\n' +
        'p-loop-1\trestarting\texit code 1\t7 restarts\n' +
        'p-job-run-1\trunning\tjob\n',
    );
  });

  it('prints nothing when there are no containers', () => {
    expect(text([])).toBe('');
  });
});

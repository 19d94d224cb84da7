import { describe, expect, it } from 'vitest';
import { psText } from '../../../src/output/ps.js';
import { container } from './containers.js';

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
const looping = container({ service: 'loop', state: 'restarting', exitCode: 1, restarts: 7, keptRunning: true });

describe('ps', () => {
  it('prints running containers in the format that scripts read, with a trailing space where there are no ports', () => {
    expect(psText({ containers: [plain, web] })).toBe(
      'Running containers:\n' +
        'id: id-side, name: p-side-1, ports: \n' +
        'id: id-web, name: p-web-1, ports: 0.0.0.0:32768->80/tcp, 90/udp, [::]:8443->443/tcp\n',
    );
  });

  it('lists the other containers below, with state, exit code and health', () => {
    expect(psText({ containers: [plain, exited, looping] })).toBe(
      'Running containers:\nid: id-side, name: p-side-1, ports: \n' +
        'Not running:\n' +
        'id: id-db, name: p-db-1, state: exited, exit code: 3, health: unhealthy\n' +
        'id: id-loop, name: p-loop-1, state: restarting, exit code: 1\n',
    );
  });

  it('says that nothing runs without the words that scripts wait for', () => {
    expect(psText({ containers: [] })).toBe('No containers running\n');
  });

  it('says that nothing runs although containers exist', () => {
    const text = psText({ containers: [done] });
    expect(text).toBe(
      'No containers running\nNot running:\nid: id-init, name: p-init-1, state: exited, exit code: 0\n',
    );
    expect(text).not.toContain('Running containers:');
  });
});

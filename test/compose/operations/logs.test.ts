import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LogsOptions } from '../../../src/deployers/deployer.js';
import { describeWithEngine } from '../../support/engine.js';
import { eventually } from '../../support/eventually.js';
import { type CallOptions, Project } from '../../support/project.js';

const lines = 200_000;
const line = 'x'.repeat(1000);
const compose = `
services:
  web:
    image: IMAGE
    command: sh -c 'echo one; echo two >&2; printf "bytes \\377\\376 \\033[2Kescape\\n"; echo three; exec sleep 1000'
    init: true
    environment: { UNSET: '\${LSOPS_SURELY_UNSET}' }
  other:
    image: IMAGE
    command: sh -c 'while true; do echo tick; sleep 0.2; done'
    init: true
  much:
    image: IMAGE
    command: sh -c 'yes ${line} | head -n ${lines}'
    profiles: [big]
    logging: { driver: local, options: { max-size: 1g, max-file: '1', compress: 'false' } }
`;
const all: LogsOptions = { services: [], follow: false, timestamps: false };

describeWithEngine('logs', () => {
  let ground: Project;
  const logs = async (
    options: Partial<LogsOptions>,
    more: CallOptions = {},
  ): Promise<{ code: number | undefined; stdout: string; stderr: string }> => {
    const result = await ground.call({ operation: 'logs', options: { ...all, ...options } }, more);
    return {
      code: result.exitCode,
      stdout: Buffer.from(result.stdout).toString(),
      stderr: Buffer.from(result.stderr).toString(),
    };
  };

  beforeAll(async () => {
    ground = await Project.make(compose);
  });
  afterAll(() => ground.remove());

  it('prints nothing and exits with 0 when there are no containers', async () => {
    expect(await logs({})).toMatchObject({ code: 0, stdout: '' });
    await ground.compose('up', '--detach');
    await eventually('web has said all', async () => (await ground.compose('logs', 'web')).includes('three'));
  });

  it('prints only the output of the containers on stdout', async () => {
    const { code, stdout, stderr } = await logs({ services: ['web'] });
    expect(code).toBe(0);
    expect(stdout.split('\n').sort()).toEqual([
      '',
      'web-1  | bytes \u{fffd}\u{fffd} \u001b[2Kescape',
      'web-1  | one',
      'web-1  | three',
      'web-1  | two',
    ]);
    expect(stderr).toContain('WARNING: The "LSOPS_SURELY_UNSET" variable is not set. Defaulting to a blank string.\n');
  });

  it('accepts tail, since, until and timestamps, for several services', async () => {
    const tail = await logs({ services: ['web', 'other'], tail: 1 });
    expect(tail.stdout.match(/^web-1 +\| /gm)).toHaveLength(1);
    expect(tail.stdout.match(/^other-1 +\| tick$/gm)).toHaveLength(1);
    expect((await logs({ services: ['web'], tail: 0 })).stdout).toBe('');
    expect((await logs({ services: ['web'], since: '2099-01-01T00:00:00Z' })).stdout).toBe('');
    expect((await logs({ services: ['web'], until: '2001-01-01T00:00:00Z' })).stdout).toBe('');
    expect((await logs({ services: ['web'], timestamps: true, tail: 1 })).stdout).toMatch(
      /^web-1 +\| \d{4}-\d\d-\d\dT\S+Z (two|three)\n$/,
    );
  });

  it('explains unknown services and invalid options', async () => {
    const unknown = await logs({ services: ['wbe', 'web', 'zzz'] });
    expect(unknown).toMatchObject({ code: 1, stdout: '' });
    expect(unknown.stderr).toContain(
      'Error: no such service: wbe, did you mean "web"?\nno such service: zzz\nservices: much, other, web\n',
    );
    const refused = await logs({ services: ['web'], since: 'yesterday' });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('Error: cannot show the logs: ');
    expect(refused.stderr).toContain('yesterday');
  });

  it('ends silently when the reader goes away', async () => {
    const result = await logs({ follow: true }, { shell: '"$@" | head -n 1; echo "code ${PIPESTATUS[0]}"' });
    expect(result.stdout).toMatch(/^\S+ +\| .*\ncode 0\n$/);
    expect(result.stderr.replace(/WARNING: .*\n/, '')).toMatch(/^memory \d+\n$/);
  });

  it('follows until Ctrl-C, then exits with 130 and leaves no process behind', async () => {
    const following = ground.call({ operation: 'logs', options: { ...all, follow: true, services: ['other'] } });
    let seen = '';
    following.stdout.on('data', (bytes: Buffer) => (seen += bytes.toString()));
    await eventually('three ticks', () => (seen.match(/tick/g) ?? []).length >= 3);
    following.kill('SIGINT');
    const result = await following;
    expect(result.exitCode).toBe(130);
    expect(Buffer.from(result.stderr).toString()).toContain('Error: interrupted');
    await eventually('no docker process of this project', () => {
      const found = spawnSync('pgrep', ['-f', `${ground.project.name} logs`]);
      return found.status === 1;
    });
    expect(await ground.docker('ps', '--format', '{{.Names}}')).toContain(`${ground.project.name}-other-1`);
  });

  it('streams a large log with bounded memory', async () => {
    await ground.compose('--profile', 'big', 'up', '--detach', 'much');
    await ground.docker('wait', `${ground.project.name}-much-1`);
    const result = await logs({ services: ['much'] }, { shell: '"$@" | wc' });
    const [count, , bytes] = result.stdout.trim().split(/\s+/).map(Number);
    expect(count).toBe(lines);
    expect(bytes).toBeGreaterThan(200_000_000);
    expect(Number(/memory (\d+)/.exec(result.stderr)?.[1]) / 1024).toBeLessThan(220);
  });
});

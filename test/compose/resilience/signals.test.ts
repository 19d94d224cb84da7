import { existsSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { run } from '../../../src/system/process/process.js';
import { milliseconds } from '../../support/cost.js';
import { containersOf, removeContainers } from '../../support/engine-api.js';
import { describeWithEngine } from '../../support/engine.js';
import { cliPath } from '../../support/program.js';
import { eventually } from '../../support/eventually.js';
import { launch } from '../../support/running.js';
import { Site } from './site.js';

describeWithEngine('Ctrl-C and closed pipes', () => {
  let site: Site;
  let directory: string;
  let project: string;
  let lock: string;
  let readyFile: string;

  beforeAll(async () => {
    site = await Site.withStack();
    await site.succeed(site.createArguments('d'));
    directory = site.at('d');
    project = await site.projectOf('d');
    lock = join(directory, '.laconic/lock');
    readyFile = join(directory, 'data/seeded/ready');
  });
  afterAll(() => site.remove());
  beforeEach(() => writeFile(readyFile, ''));

  const on = (...rest: string[]) => site.deploymentArguments('d', ...rest);

  /** The time for "at once", in addition to that of `version` at that moment, since the machine may be busy. */
  async function expectPrompt(took: number): Promise<void> {
    const bare = await milliseconds(() => site.cli(['version']));
    expect(took - 2 * bare).toBeLessThan(1000);
  }

  async function running(service: string): Promise<boolean> {
    const all = Object.values(await containersOf(project));
    return all.some((container) => container.service === service && container.state === 'running');
  }

  async function expectNoComposeOf(name: string): Promise<void> {
    const { stdout } = await run('ps', ['-eo', 'args']);
    expect(stdout.split('\n').filter((line) => line.includes('compose') && line.includes(name))).toEqual([]);
  }

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s while containers are created exits with 130, leaves no lock, and stop works',
    async (signal) => {
      await removeContainers(project);
      await rm(readyFile);
      const { child, said, ended, printed } = launch(on('start'));
      await printed(/\w/);

      child.kill(signal);
      const { code } = await ended;

      expect({ code, stderr: said.stderr }).toEqual({ code: 130, stderr: said.stderr });
      expect(said.stderr).not.toMatch(/^Error|^ +at /m);
      expect(existsSync(lock)).toBe(false);
      await expectNoComposeOf(project);
      await site.succeed(on('stop'));
      expect(await containersOf(project)).toEqual({});
    },
  );

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s during the wait for readiness exits with 130 at once, and the containers stay',
    async (signal) => {
      await rm(readyFile);
      const { child, ended } = launch(on('start'));
      await eventually('web runs and the lock is released', async () => (await running('web')) && !existsSync(lock));

      const took = await milliseconds(async () => {
        child.kill(signal);
        expect((await ended).code).toBe(130);
      });

      await expectPrompt(took);
      expect(await running('web')).toBe(true);
      await site.succeed(on('stop'));
    },
  );

  it('a second Ctrl-C ends the program at once, and stop still works', async () => {
    await removeContainers(project);
    await rm(readyFile);
    const { child, said, ended, printed } = launch(on('start'));
    await printed(/\w/);

    child.kill('SIGINT');
    await eventually('the first is noticed', () => said.stderr.includes('stopping') || child.exitCode !== null);
    const took = await milliseconds(async () => {
      child.kill('SIGINT');
      expect((await ended).code).toBe(130);
    });

    await expectPrompt(took);
    await site.succeed(on('stop'));
    expect(await containersOf(project)).toEqual({});
  });

  it('Ctrl-C in a waiting JavaScript hook exits with 130, and leaves nothing of the new directory', async () => {
    await site.writeHook(`import { writeFileSync } from 'node:fs';
export async function create() {
  writeFileSync('BASE/hook-began', '');
  await new Promise((resolve) => setTimeout(resolve, 120_000));
}`);
    const { child, said, ended } = launch(site.createArguments('interrupted'));
    await eventually('the hook began', () => existsSync(site.path('hook-began')));

    child.kill('SIGINT');
    expect((await ended).code, said.stderr).toBe(130);

    expect(await readdir(site.ground)).toEqual(['d']);
    await site.writeStack('a');
  });

  it('a second Ctrl-C in run-job exits with 130, and still removes the container and the temporary files of the job', async () => {
    const file = join(directory, 'compose-jobs/docker-compose-chore.yml');
    const text = await readFile(file, 'utf8');
    // The job does not end by itself while docker waits for it.
    await writeFile(
      file,
      text.replace('echo working', "trap '' TERM; echo working").replace('    stop_signal: SIGKILL\n', ''),
    );
    const { child, ended, printed } = launch(on('run-job', 'chore', '--env', 'TOKEN=abc'));
    await printed('working');
    const temporary = async () =>
      (await readdir(tmpdir())).filter((name) => name.startsWith('laconic-so-job-') && name.includes(`-${child.pid}-`));
    expect(await temporary()).toHaveLength(1);

    child.kill('SIGINT');
    await printed('Stopping the job');
    child.kill('SIGINT');

    expect(await ended).toMatchObject({ code: 130 });
    const jobs = Object.values(await containersOf(project)).filter(({ service }) => service === 'chore');
    expect(jobs).toEqual([]);
    expect(await temporary()).toEqual([]);
    await writeFile(file, text);
  });

  it('a reader that goes away ends logs --follow, and does not affect a start', async () => {
    const pipe = (command: string) =>
      run('bash', [
        '-c',
        `"$@" ${command} | head -1; echo "\${PIPESTATUS[0]}"`,
        'pipe',
        process.execPath,
        cliPath,
        ...on(),
      ]);

    await site.run('d', 'start');
    const logs = await pipe('logs --follow');
    expect(logs.stdout).toMatch(/flavour a\n0\n$/);
    expect(logs.stderr).toBe('');

    expect((await pipe('ps')).stdout).toMatch(/^Running containers:\n0\n$/);

    await removeContainers(project);
    const start = await pipe('start 2>&1');
    expect(start.stdout).toMatch(/\n0\n$/);
    expect([await running('web'), await running('side')]).toEqual([true, true]);
    expect(existsSync(lock)).toBe(false);
  });
});

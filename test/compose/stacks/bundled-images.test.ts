import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildContainers } from '../../../src/builds/build-containers.js';
import { packageDirectory } from '../../../src/system/package.js';
import { run, runOrFail } from '../../../src/system/process/process.js';
import { createReporter } from '../../../src/system/report.js';
import { describeWithEngine } from '../../support/engine.js';

const root = packageDirectory();

/** Runs `docker compose` on the bundled files of one stack, in a project of this test. */
function project(stack: string, env: NodeJS.ProcessEnv) {
  const name = `laconic-bundled-${process.pid}-${stack}`;
  const prefix = ['compose', '--project-name', name, '--file', join(root, `compose/docker-compose-${stack}.yml`)];
  const whole = { ...process.env, CERC_SCRIPT_DEBUG: '', ...env };
  return {
    compose: (...args: string[]) => runOrFail(args.join(' '), 'docker', [...prefix, ...args], { env: whole }),
    job: (job: string) => {
      const file = ['--file', join(root, `compose-jobs/docker-compose-${job}.yml`)];
      return runOrFail(job, 'docker', [...prefix, ...file, 'run', '--rm', job], { env: whole });
    },
    remove: () => run('docker', [...prefix, 'down', '--volumes', '--timeout', '2'], { env: whole }),
    volume: (volume: string) => `${name}_${volume}`,
  };
}

describeWithEngine('the images of the bundled stacks', () => {
  const test = project('test', { CERC_TEST_PARAM_1: 'PASSED', CERC_TEST_PARAM_3: 'FAST' });
  const demo = project('demo', { DEMO_SECRET: 'not-to-be-shown', CERC_HOST_UID: '1234', CERC_HOST_GID: '1234' });
  const quiet = { quiet: true, verbose: false, debug: false };
  const nowhere = { write: () => true };

  beforeAll(async () => {
    const results = await buildContainers(
      ['cerc/test-container', 'laconic/demo'],
      {
        packageDirectory: root,
        repositoryBase: '/nowhere',
      },
      { forceRebuild: false },
      {
        options: { ...quiet, dryRun: false, localStack: false, continueOnError: false },
        report: createReporter({ stdout: nowhere, stderr: process.stderr }, { ...quiet, color: false }),
        signal: new AbortController().signal,
        env: process.env,
        cwd: root,
      },
    );
    expect(results.map((result) => result.outcome)).toEqual(['built', 'built']);
  });
  afterAll(() => Promise.all([test.remove(), demo.remove()]));

  it('test: prints its settings in order, and finds its data again', async () => {
    await test.compose('up', '--detach');
    const container = (await test.compose('ps', '--quiet')).stdout.trim();
    await runOrFail('a file on /config', 'docker', [
      ...['run', '--rm', '--volume', `${test.volume('test-config')}:/config`, 'cerc/test-container:local'],
      ...['sh', '-c', 'echo from-the-volume >/config/test_config'],
    ]);
    const logs = async () => (await runOrFail('logs', 'docker', ['logs', container])).stdout;
    await expect.poll(logs, { timeout: 60_000 }).toContain('/config: EXISTS');
    expect(await logs()).toMatch(
      new RegExp(
        [
          '^.*starting',
          '/data: MOUNTED dev=\\S+',
          '/data2: MOUNTED dev=\\S+',
          '/data filesystem is fresh',
          '/data2 filesystem is fresh',
          'Test-param-1: PASSED',
          'Test-param-2: CERC_TEST_PARAM_2_VALUE',
          'Test-param-3: FAST',
          '/config: EXISTS',
        ].join('\n'),
      ),
    );
    await test.compose('restart', '--timeout', '5');
    await expect.poll(logs, { timeout: 60_000 }).toContain('/config/test_config:\nfrom-the-volume');
    expect(await logs()).toMatch(/\/data filesystem is old, created: .*\n\/data2 filesystem is old, created: /);
  });

  it('test: stops at once, although it is pid 1 of its container', async () => {
    const started = Date.now();
    await test.compose('stop', '--timeout', '30');
    expect(Date.now() - started).toBeLessThan(15_000);
  });

  it('test: its job completes', async () => {
    expect((await test.job('test-job')).stdout).toContain('Job completed successfully');
  });

  it('demo: counts on its volume as the user who deployed it, and does not print its secret', async () => {
    await demo.compose('up', '--detach', '--wait');
    expect((await demo.job('demo-report')).stdout).toContain('has not been visited yet');
    const port = (await demo.compose('port', 'demo', '8080')).stdout.trim().replace(/^.*:/, '');
    const visit = async () => (await fetch(`http://localhost:${port}/`)).text();
    const page = await visit();
    expect(page).toContain('Counter: 1');
    expect(page).toContain('Hello from config/demo/greeting.txt');
    expect(page).toContain('Secret: set, 15 characters');
    expect(page).not.toContain('not-to-be-shown');
    await Promise.all(Array.from({ length: 20 }, visit));
    expect(await visit()).toContain('Counter: 22');
    expect((await demo.job('demo-report')).stdout).toContain('Visits of the demo page: 22,');
  });
});

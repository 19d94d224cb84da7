import { stat } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { runOrFail } from '../../../src/system/process/process.js';
import { containersOf } from '../../support/engine-api.js';
import { idleService, Sandbox } from '../../support/sandbox.js';

const token = 'tok$en "with" quotes';
const spec = `stack: source/stacks/app
deploy-to: compose
secrets:
  app-secrets:
    keys:
      API_TOKEN: {env: SOURCE_TOKEN}
      SIGNER_KEY: {file: BASE/signer.key}
  elsewhere: [ANY]
`;

describeWithEngine('secrets with sources in the spec', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    const own = '    environment: {API_TOKEN: mine, OTHER: "${OTHER:-}"}\n';
    const plain = '    environment:\n      API_TOKEN: ${API_TOKEN}\n';
    sandbox = await Sandbox.make({
      'source/stacks/app/stack.yml': 'name: app\npods: [app]\njobs: [job]\n',
      'source/compose/docker-compose-app.yml': `services:\n${idleService('web')}${idleService('own', own)}${idleService('plain', plain)}`,
      'source/compose-jobs/docker-compose-job.yml':
        'services:\n  job:\n    image: busybox:1.36\n    entrypoint: ["sh", "-c"]\n    command: ["echo $$SIGNER_KEY $$ONE"]\n',
      'signer.key': 'line one\nline two\n',
      'spec.yml': spec,
    });
    await sandbox.create('spec.yml', 'd');
  });
  afterAll(() => sandbox.remove());
  const env = { SOURCE_TOKEN: token };
  const deployment = (...args: string[]) => ['deployment', '--dir', 'd', ...args];

  it('start reports all missing variables and files at once, and changes nothing', async () => {
    await sandbox.edit('spec.yml', 'BASE/signer.key'.replace('BASE', sandbox.base), `${sandbox.base}/none.key`);
    await sandbox.create('spec.yml', 'refused');
    const { code, stderr } = await sandbox.deployment('refused', 'start');
    expect(code).toBe(1);
    expect(stderr).toContain('spec.yml:6 secrets.app-secrets.keys.API_TOKEN: the variable SOURCE_TOKEN is not set');
    expect(stderr).toContain(
      `spec.yml:7 secrets.app-secrets.keys.SIGNER_KEY: the file ${sandbox.base}/none.key does not`,
    );
    expect(await sandbox.containers('refused')).toEqual({});
    expect(await sandbox.exists('refused/.laconic/sourced-secrets.env')).toBe(false);
  });

  it('every service has them unless it sets the variable itself, and the files have mode 0600', async () => {
    await sandbox.succeed(deployment('start'), { env });
    const containers = await sandbox.containers('d');
    const key = 'line one\nline two';
    expect(containers.web?.env).toMatchObject({ API_TOKEN: token, SIGNER_KEY: key });
    expect(containers.own?.env).toMatchObject({ API_TOKEN: 'mine', SIGNER_KEY: key });
    expect(containers.plain?.env).toMatchObject({ API_TOKEN: token, SIGNER_KEY: key });
    for (const file of ['sourced-secrets.env', 'sourced-secrets.yml', 'sourced-secrets/own.env']) {
      expect((await stat(sandbox.path('d/.laconic', file))).mode & 0o777).toBe(0o600);
    }
  });

  it('a start without changes recreates nothing, a new value recreates the services that have it, and status needs no sources', async () => {
    const project = await sandbox.projectOf('d');
    const before = await containersOf(project);
    await sandbox.succeed(deployment('start'), { env });
    expect(await containersOf(project)).toEqual(before);

    await sandbox.succeed(deployment('start'), { env: { SOURCE_TOKEN: 'second' } });
    const after = await containersOf(project);
    expect(after.web?.env.API_TOKEN).toBe('second');
    expect(after.own?.id).toBe(before.own?.id);
    expect(await sandbox.deployment('d', 'status')).toMatchObject({ code: 0, stderr: '' });
    expect(await sandbox.deployment('d', 'logs')).toMatchObject({ code: 0, stderr: '' });
  });

  it('restart and update-envs need the sources, and change nothing without them', async () => {
    const composeFile = 'source/compose/docker-compose-app.yml';
    const [before, compose] = [await sandbox.read('d/spec.yml'), await sandbox.read(composeFile)];
    await sandbox.write(composeFile, compose.replace('OTHER:-', 'OTHER:-new'));
    await sandbox.write('d/spec.yml', `${before}config: {OTHER: new}\n`);
    const state = async (): Promise<unknown> => [
      await sandbox.read('d/config.env'),
      await sandbox.fileState('d/compose'),
    ];
    const files = await state();
    for (const args of [['restart', '--no-git-pull'], ['update-envs']]) {
      const { code, stdout, stderr } = await sandbox.deployment('d', ...args);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain('secrets.app-secrets.keys.API_TOKEN: the variable SOURCE_TOKEN is not set');
      expect(await state()).toEqual(files);
    }
    await sandbox.write(composeFile, compose);
    await sandbox.write('d/spec.yml', before);
  });

  it('a job has them too, with the variables of its command line; --no-wait leaves it running, and --timeout ends it', async () => {
    const once = await sandbox.succeed(['--verbose', ...deployment('run-job', '--env', 'ONE=1 $2', 'job')], { env });
    expect(once.stdout).toBe('Running job: job\nline one line two 1 $2\n');
    // Everybody can read the arguments of a process.
    expect(once.stderr).toMatch(/docker .*compose .*run .* job$/m);
    expect(once.stderr).not.toContain('1 $2');
    expect((await sandbox.cli(deployment('run-job', '--env', 'ONE', 'job'), { env })).code).toBe(2);

    const left = await sandbox.succeed(deployment('run-job', '--no-wait', 'job', '--', 'echo in the background'), {
      env,
    });
    const name = /docker logs (\S+)/.exec(left.stderr)?.[1] ?? '';
    expect((await runOrFail('wait', 'docker', ['wait', name])).stdout).toBe('0\n');
    expect((await runOrFail('logs', 'docker', ['logs', name])).stdout).toBe('in the background\n');

    const late = await sandbox.cli(deployment('run-job', '--timeout', '3', 'job', '--', 'sleep 1000'), { env });
    expect(late).toMatchObject({ code: 1 });
    expect(late.stderr).toContain('Error: job job did not finish within 3 s and was stopped');
  });

  it('stop needs no sources, and removes the containers of jobs that are left', async () => {
    expect(await sandbox.deployment('d', 'stop')).toMatchObject({ code: 0 });
    expect(await sandbox.containers('d')).toEqual({});
  });
});

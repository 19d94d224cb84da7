import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CliResult, describeWithEngine, runCli } from '../../support/engine.js';
import { composeFile, create, expectRefusal, makeWorld, stackFile } from './support.js';

const web = ['  web:', '    image: busybox:1.36', '    stop_signal: SIGKILL'];
const compose = [
  'services:',
  ...web,
  `    command: sh -c "printf 'caf\\\\351\\\\n'; sleep 1000"`,
  '    ports: ["80", "53/udp"]',
  '',
].join('\n');

describeWithEngine('bad input to a running deployment', () => {
  let root = '';
  const cli = (...args: string[]): Promise<CliResult> =>
    runCli(['deployment', '--dir', 'made', ...args], { cwd: root });

  beforeAll(async () => {
    root = await makeWorld({
      [stackFile]: 'pods: [app]\njobs: [tidy, other]\n',
      [composeFile]: compose,
      'repo/stack-orchestrator/compose-jobs/docker-compose-tidy.yml':
        'services:\n  tidy:\n    image: busybox:1.36\n    command: sh -c "exit 7"\n',
      'repo/stack-orchestrator/compose-jobs/docker-compose-other.yml': 'services:\n  nothing: {image: busybox:1.36}\n',
      'spec.yml': 'stack: repo/stack-orchestrator/stacks/app\ndeploy-to: compose\n',
    });
    expect(await runCli(['--quiet', ...create], { cwd: root })).toMatchObject({ code: 0, stderr: '' });
    expect(await cli('start')).toMatchObject({ code: 0 });
  });

  afterAll(async () => {
    await cli('stop', '--delete-volumes', '--timeout', '0');
    await rm(root, { recursive: true, force: true });
  });

  it.each([
    [
      ['port', 'web', '90'],
      ['port 90/tcp of service "web" is not published', 'published: 53/udp, 80/tcp'],
    ],
    [['port', 'web', '53'], ['port 53/tcp of service "web" is not published']],
    [['port', 'web', '80', '--index', '2'], ['service "web" has no container 2, only 1']],
    [
      ['exec', '--index', '3', 'web', 'true'],
      ['the command was not run', 'has no container 3'],
    ],
    [['logs', '--since', 'yesterday'], ['yesterday']],
    [
      ['run-job', 'web'],
      ["Job 'web' not found", 'Available jobs: tidy, other'],
    ],
    [
      ['run-job', 'other'],
      ['a job runs the service of its own name', 'services in it: nothing'],
    ],
    [
      ['stop', 'nobody'],
      ['no such service: nobody', 'services: web'],
    ],
    [['stop', 'web', '--delete-volumes'], ['a --delete option cannot be combined with services']],
    [['start', 'tidy'], ['no such service: tidy (it is a job: see run-job)']],
    [
      ['restart', '--image', 'nobody=busybox:1.36'],
      ['nobody', 'web'],
    ],
  ])('rejects %j', async (args, says) => {
    const result = await cli(...args);
    expectRefusal({ ...result, code: 1, stdout: '' }, { says });
    expect([1, 2]).toContain(result.code);
    expect((await cli('ps')).stdout).toContain('Running containers:');
  });

  it('passes on the exit codes of commands and jobs', async () => {
    expect(await cli('exec', 'web', 'exit 9')).toMatchObject({ code: 9, stderr: '' });
    expect(await cli('exec', 'web', '--', 'ls', '/nowhere')).toMatchObject({ code: 1 });
    expect(await cli('run-job', 'tidy')).toMatchObject({ code: 7, stdout: 'Running job: tidy\n' });
  });

  it('shows logs that are not valid UTF-8', async () => {
    const { code, stdout } = await cli('logs');
    expect(code).toBe(0);
    expect(stdout).toMatch(/web-1 +\| caf/);
  });

  it.each<[string, string, RegExp[]]>([
    [
      'a variable that must be set',
      `${compose}    environment: {A: "\${NEEDED:?write it into config}"}\n`,
      [/NEEDED/, /write it into config/],
    ],
    [
      'an image that does not exist',
      compose.replace('busybox:1.36', 'laconic.invalid/none:1'),
      [/web/, /laconic\.invalid/],
    ],
    [
      'an image that was never built',
      compose.replace('busybox:1.36', 'cerc/never-built:local'),
      [/cerc\/never-built:local/, /build-containers/],
    ],
    [
      'a volume in a missing folder',
      `${compose}    volumes: ["gone:/v"]\nvolumes:\n  gone:\n    driver_opts: {type: none, o: bind, device: /nowhere/at/all}\n`,
      [/\/nowhere\/at\/all/],
    ],
    [
      'a container that ends at once',
      compose.replace(/command: .*/, 'command: sh -c "echo no luck; exit 5"'),
      [/web/, /5/, /no luck/],
    ],
    [
      'a missing external network',
      `${compose}    networks: [theirs]\nnetworks:\n  theirs: {external: true, name: laconic-test-nobody}\n`,
      [/laconic-test-nobody/],
    ],
  ])('start explains %s', async (_, text, says) => {
    const directory = join(root, 'other');
    await rm(directory, { recursive: true, force: true });
    await cp(join(root, 'made'), directory, { recursive: true });
    const record = join(directory, 'deployment.yml');
    await writeFile(
      record,
      (await readFile(record, 'utf8')).replace(/cluster-id: .*/, 'cluster-id: laconic-test-explained'),
    );
    await writeFile(join(directory, 'compose/docker-compose-app.yml'), text);
    const other = ['deployment', '--dir', 'other'];
    try {
      expectRefusal(
        await runCli(['--quiet', ...other, 'start', '--wait-timeout', '20', '--steady', '10'], { cwd: root }),
        { says },
      );
    } finally {
      await writeFile(join(directory, 'compose/docker-compose-app.yml'), compose);
      await runCli([...other, 'stop', '--delete-volumes', '--timeout', '0'], { cwd: root });
    }
  });
});

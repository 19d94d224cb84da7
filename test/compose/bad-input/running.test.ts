import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { type CliResult } from '../../support/program.js';
import { Sandbox } from '../../support/sandbox.js';
import { composeFile, expectRefusal, soundWorld } from './support.js';

const web = ['  web:', '    image: busybox:1.36', '    stop_signal: SIGKILL'];
const compose = [
  'services:',
  ...web,
  `    command: sh -c "printf 'caf\\\\351\\\\n'; sleep 1000"`,
  '    ports: ["80", "53/udp"]',
  '',
].join('\n');

describeWithEngine('bad input to a running deployment', () => {
  let sandbox: Sandbox;
  const cli = (...args: string[]): Promise<CliResult> => sandbox.deployment('made', ...args);

  beforeAll(async () => {
    sandbox = await Sandbox.make({
      ...soundWorld,
      [composeFile]: compose,
      'spec.yml': 'stack: repo/stack-orchestrator/stacks/app\ndeploy-to: compose\n',
    });
    await sandbox.create('spec.yml', 'made');
    await sandbox.run('made', 'start');
    await sandbox.create('spec.yml', 'refused');
  });
  afterAll(() => sandbox.remove());

  it.each([
    [
      ['port', 'web', '90'],
      ['port 90/tcp of service "web" is not published', 'published: 53/udp, 80/tcp'],
    ],
    [['port', 'web', '53'], ['port 53/tcp of service "web" is not published']],
    [['port', 'web', '80', '--index', '2'], ['service "web" has no container 2, only 1']],
    [
      ['stop', 'nobody'],
      ['no such service: nobody', 'services: web'],
    ],
    [['stop', 'web', '--delete-volumes'], ['a --delete option cannot be combined with services']],
    [['start', 'tidy'], ['no such service: tidy (it is a job: see run-job)']],
  ])('rejects %j', async (args, says) => {
    const before = await sandbox.containers('made');
    const result = await cli(...args);
    expectRefusal({ ...result, code: 1, stdout: '' }, { says });
    expect([1, 2]).toContain(result.code);
    expect(await sandbox.containers('made')).toEqual(before);
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
      'a volume in a missing folder',
      `${compose}    volumes: ["gone:/v"]\nvolumes:\n  gone:\n    driver_opts: {type: none, o: bind, device: /nowhere/at/all}\n`,
      [/\/nowhere\/at\/all/],
    ],
    [
      'a missing external network',
      `${compose}    networks: [theirs]\nnetworks:\n  theirs: {external: true, name: laconic-test-nobody}\n`,
      [/laconic-test-nobody/],
    ],
  ])('start explains %s', async (_, text, says) => {
    await sandbox.write('refused/compose/docker-compose-app.yml', text);
    expectRefusal(await sandbox.cli(['--quiet', 'deployment', '--dir', 'refused', 'start']), { says });
  });
});

import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../../src/system/process/process.js';
import { milliseconds } from '../../support/cost.js';
import { describeWithEngine } from '../../support/engine.js';
import { Site } from './site.js';

/**
 * The time until the message, in addition to four times that of `version` at that moment, since the machine may be
 * busy.
 */
const promptMilliseconds = 2000;

describeWithEngine('commands without a working engine', () => {
  let site: Site;

  beforeAll(async () => {
    site = await Site.withStack();
    await site.create('../spec-a.yml', 'd');
  });
  afterAll(() => site.remove());

  const onDeployment =
    (...rest: string[]) =>
    () =>
      site.deploymentArguments('d', ...rest);
  const onStack =
    (...rest: string[]) =>
    () => ['--stack', site.stack, 'deploy', ...rest];
  const commands: [string, () => string[]][] = [
    ['deployment start', onDeployment('start')],
    ['deployment start --no-wait', onDeployment('start', '--no-wait')],
    ['deployment start --stay-attached', onDeployment('start', '--stay-attached')],
    ['deployment stop', onDeployment('stop')],
    ['deployment restart', onDeployment('restart')],
    ['deployment ps', onDeployment('ps')],
    ['deployment status', onDeployment('status')],
    ['deployment logs', onDeployment('logs')],
    ['deployment logs --follow', onDeployment('logs', '--follow')],
    ['deployment exec', onDeployment('exec', 'web', 'true')],
    ['deployment port', onDeployment('port', 'web', '8080')],
    ['deployment run-job', onDeployment('run-job', 'chore')],
    ['deployment update-envs', onDeployment('update-envs')],
    ['deploy up', onStack('up')],
    ['deploy down', onStack('down')],
    ['deploy ps', onStack('ps')],
    ['deploy port', onStack('port', 'web', '8080')],
    ['deploy exec', onStack('exec', 'web', 'true')],
    ['deploy logs', onStack('logs')],
    ['build-containers', () => ['--stack', 'demo', 'build-containers']],
  ];

  // All commands are tried once here; elsewhere only those that contact the engine in different ways.
  const several = commands.filter(([name]) => /^deployment (start|stop|ps|logs)$/.test(name));

  const hosts: { name: string; chosen: typeof commands; host: () => Promise<string> }[] = [
    {
      name: 'no socket',
      chosen: commands,
      host: async () => `unix://${site.path('nothing.sock')}`,
    },
    {
      name: 'a socket without a listener',
      chosen: several,
      host: async () => `unix://${await deadSocket(site.path(`dead-${performance.now()}.sock`))}`,
    },
    { name: 'a closed TCP port', chosen: several, host: async () => 'tcp://127.0.0.1:1' },
  ];

  describe.each(hosts)('$name', ({ chosen, host }) => {
    it.each(chosen)('%s reports it at once', async (_name, args) => {
      const env = { DOCKER_HOST: await host() };
      const bare = await milliseconds(() => site.cli(['version']));
      const begin = performance.now();
      const { code, stdout, stderr } = await site.cli(args(), { env });
      const took = performance.now() - begin;

      expect(code).toBe(1);
      expect(stderr.match(/^Error: /gm), `${stdout}\n${stderr}`).toHaveLength(1);
      expect(stderr).toMatch(/docker engine|docker daemon/i);
      expect(stderr).not.toMatch(/^ +at |bug in laconic-so/m);
      expect(took - 4 * bare).toBeLessThan(promptMilliseconds);
    });

    it('init and create work', async () => {
      const env = { DOCKER_HOST: await host() };
      const spec = `spec-${performance.now()}.yml`;
      await site.succeed(['--stack', site.stack, 'deploy', 'init', '--output', spec], { env });
      await site.succeed(site.createArguments(spec.replace('.yml', '')), { env });
    });
  });

  describe('commands without a docker program', () => {
    let path: string;

    beforeAll(async () => {
      path = site.path('bin');
      await mkdir(path);
      for (const program of ['git', 'sh', 'bash', 'dirname']) {
        const { stdout } = await run('which', [program]);
        await symlink(stdout.trim(), join(path, program));
      }
    });

    it.each(commands)('%s works, or explains what to install', async (name, args) => {
      const { code, stderr } = await site.cli(args(), { env: { PATH: path } });

      if (/^deployment (start|stop|logs|run-job)$/.test(name)) {
        expect(code).toBe(1);
        expect(stderr).toContain('docker is not installed, or not on the PATH');
        expect(stderr).toContain('install the Docker engine and Compose v2');
      }
      if (code === 0) return;
      expect(code).toBe(1);
      expect(stderr).toMatch(/^Error: (.*: )?(docker is not installed, or not on the PATH|.*not running.*)/m);
      expect(stderr).not.toMatch(/^ +at |bug in laconic-so|ENOENT/m);
    });
  });
});

/** A socket file whose server is gone. */
async function deadSocket(path: string): Promise<string> {
  await run(process.execPath, [
    '-e',
    // The listening process is killed, because a server that closes deletes its socket file.
    `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`,
  ]);
  return path;
}

import { mkdir } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import type { Sandbox } from '../../support/sandbox.js';
import { calls, hookedSandbox, hookTexts } from './stack.js';

const stack = 'source/stacks/hooked';

for (const [language, hooks] of Object.entries(hookTexts)) {
  describeWithEngine(`hooks in ${language} called by the commands`, () => {
    let sandbox: Sandbox;
    beforeAll(async () => {
      sandbox = await hookedSandbox(hooks);
    });
    afterAll(() => sandbox.remove());
    const env = (): NodeJS.ProcessEnv => ({
      KUBECONFIG: sandbox.path('operator-kubeconfig'),
      OURS: sandbox.path('operator-kubeconfig'),
    });
    const noCluster = { kubeconfig: ['', true] };

    it('init returns values for the spec, which --config-file overrides, and --config overrides both', async () => {
      await sandbox.write('values.env', 'ONE=file\nTWO=file\n');
      const options = ['--config', 'ONE=user', '--config-file', 'values.env'];

      await sandbox.succeed(['--stack', stack, 'deploy', 'init', '--output', 'made.yml', ...options], { env: env() });

      expect((await sandbox.read('made.yml')).match(/^ {2}\w+: \w+$/gm)?.sort()).toEqual([
        '  ONE: user',
        '  THREE: hook',
        '  TWO: file',
      ]);
      expect(await calls(sandbox)).toMatchObject([
        { hook: 'init', type: 'compose', stack: sandbox.path(stack), lock: 0, ...noCluster },
      ]);
    });

    it('setup gets its options and arguments, and runs a container of the stack', async () => {
      await mkdir(sandbox.path('out'));
      const options = ['--node-moniker', 'me', '--join-network', sandbox.path('out'), 'more'];

      await sandbox.succeed(['--stack', stack, 'deploy', 'setup', ...options], { env: env() });

      expect(await sandbox.read('out/file')).toBe('set up\n');
      expect(await calls(sandbox)).toMatchObject([
        {
          hook: 'setup',
          moniker: 'me',
          join: true,
          chain: null,
          extra: [sandbox.path('out'), 'more'],
          output: expect.stringMatching(/^0\n?$/) as string,
          ...noCluster,
        },
      ]);
    });

    it('create gets its arguments, and the same ones with the mode at an update', async () => {
      const more = ['--network-dir', 'net', '--initial-peers', 'a@b:1,c@d:2', 'extra word', '--', '--dashed'];
      const update = ['deploy', 'create', '--update', '--spec-file', 'spec.yml', '--deployment-dir', 'd'];
      const given = ['net', 'a@b:1,c@d:2', 'extra word', '--dashed'];

      await sandbox.create('spec.yml', 'd', ...more);
      const directory = sandbox.path('d');
      const id = await sandbox.projectOf('d');
      const common = { hook: 'create', directory, id };
      expect(await calls(sandbox)).toMatchObject([{ ...common, mode: 'create', extra: given, lock: 32 }]);

      await sandbox.succeed(update, { env: env() });
      expect(await calls(sandbox)).toMatchObject([{ ...common, mode: 'update', extra: given, lock: 32, ...noCluster }]);

      await sandbox.succeed([...update, '--network-dir', 'other'], { env: env() });
      expect(await calls(sandbox)).toMatchObject([{ ...common, mode: 'update', extra: ['other', null] }]);
      await sandbox.succeed(update, { env: env() });
      expect(await calls(sandbox)).toMatchObject([{ ...common, mode: 'update', extra: ['other', null] }]);
    });

    it('start runs on compose from the copy before the command returns, and not in a dry run', async () => {
      await sandbox.edit(`${stack}/deploy/${hooks.file}`, 'start', 'begin');
      expect(await sandbox.cli(['--dry-run', 'deployment', '--dir', 'd', 'start'])).toMatchObject({ code: 0 });
      expect(await calls(sandbox)).toEqual([]);

      await sandbox.succeed(['deployment', '--dir', 'd', 'start'], { env: env() });

      expect(await calls(sandbox)).toMatchObject([
        { hook: 'start', directory: sandbox.path('d'), id: await sandbox.projectOf('d'), ...noCluster },
      ]);
    });
  });
}

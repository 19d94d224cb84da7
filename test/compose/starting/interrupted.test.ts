import { afterAll, beforeAll, expect, it } from 'vitest';
import { runOrFail } from '../../../src/system/process/process.js';
import { describeWithEngine } from '../../support/engine.js';
import { Sandbox } from '../../support/sandbox.js';

describeWithEngine('a start after one that was killed while it recreated a container', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await Sandbox.make({
      'shop/stack-orchestrator/stacks/shop/stack.yml': 'pods: [shop]\n',
      'shop/stack-orchestrator/compose/docker-compose-shop.yml':
        'services:\n  web:\n    image: busybox:1.36\n    command: sleep 1000\n    stop_signal: SIGKILL\n    environment: { LEVEL: "${LEVEL}" }\n',
      'spec.yml': 'stack: BASE/shop/stack-orchestrator/stacks/shop\ndeploy-to: compose\nconfig:\n  LEVEL: one\n',
    });
    await sandbox.create('spec.yml', 'd');
    await sandbox.run('d', 'start');
  });
  afterAll(() => sandbox.remove());

  it.each([true, false])(
    'is not blocked by the temporary name of the new container (old container present: %s)',
    async (present) => {
      const project = await sandbox.projectOf('d');
      const name = `${project}-web-1`;
      const docker = async (...args: string[]): Promise<string> =>
        (await runOrFail('docker', 'docker', args)).stdout.trim();
      const id = await docker('inspect', '--format', '{{.Id}}', name);
      const labels = JSON.parse(await docker('inspect', '--format', '{{json .Config.Labels}}', name)) as object;
      const flags = Object.entries(labels).flatMap(([label, value]) => ['--label', `${label}=${String(value)}`]);
      await docker('create', '--name', `${id.slice(0, 12)}_${name}`, ...flags, 'busybox:1.36', 'sleep', '1000');
      if (!present) await docker('rm', '--force', id);
      await sandbox.edit('d/config.env', present ? 'LEVEL=one' : 'LEVEL=two', present ? 'LEVEL=two' : 'LEVEL=three');

      await sandbox.run('d', 'start');

      const names = await docker(
        'ps',
        '--all',
        '--filter',
        `label=com.docker.compose.project=${project}`,
        '--format',
        '{{.Names}} {{.State}}',
      );
      expect(names).toBe(`${name} running`);
      expect(await docker('inspect', '--format', '{{json .Config.Env}}', name)).toContain(present ? 'two' : 'three');
    },
  );
});

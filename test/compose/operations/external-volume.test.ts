import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { Sandbox } from '../../support/sandbox.js';

describeWithEngine('a volume that the compose file defines itself', () => {
  let sandbox: Sandbox;
  let volume = '';
  beforeAll(async () => {
    sandbox = await Sandbox.make();
    volume = `ledger-${sandbox.base.slice(-6).toLowerCase()}`;
    await sandbox.write('so/stacks/x/stack.yml', 'name: x\npods: [x]\n');
    await sandbox.write(
      'so/compose/docker-compose-x.yml',
      `services:
  db:
    image: busybox:1.36
    command: ["ls", "/ledger"]
    volumes: [ledger:/ledger, media:/media, plain:/plain]
volumes:
  ledger: { external: true, name: ${volume} }
  media: { driver_opts: { type: tmpfs, device: tmpfs } }
  plain:
`,
    );
    await sandbox.docker('volume', 'create', volume);
    await sandbox.docker('run', '--rm', '--volume', `${volume}:/v`, 'busybox:1.36', 'touch', '/v/ledger.db');
  });
  afterAll(async () => {
    await sandbox.remove();
    await sandbox.docker('volume', 'rm', volume);
  });

  it('is left out of the spec by init, used as it is, and never deleted', async () => {
    await sandbox.succeed(['--stack', 'so/stacks/x', 'deploy', 'init', '--output', 'spec.yml']);
    expect(await sandbox.read('spec.yml')).toContain('volumes:\n  ledger:\n  media:\n  plain: ./data/plain\n');
    const created = await sandbox.create('spec.yml', 'd');
    expect(created.stderr).not.toContain('WARNING');
    await sandbox.run('d', 'start');
    expect((await sandbox.deployment('d', 'logs')).stdout).toContain('ledger.db');
    await sandbox.run('d', 'stop', '--delete-volumes');
    expect(await sandbox.docker('volume', 'ls', '--quiet', '--filter', `name=${volume}`)).toBe(`${volume}\n`);
  });

  it('is replaced by an entry in the spec, with a warning that shows both lines', async () => {
    await sandbox.write(
      'replaced.yml',
      'stack: so/stacks/x\ndeploy-to: compose\nvolumes:\n  ledger: ./data/ledger\n  media: ./data/media\n  plain: ./data/plain\n',
    );
    const { stderr } = await sandbox.create('replaced.yml', 'r');
    expect(stderr).toMatch(
      /WARNING: replaced\.yml:4 volumes\.ledger: the directory \.\/data\/ledger replaces the volume .*docker-compose-x\.yml:7 volumes\.ledger: external\)/,
    );
    expect(stderr).toMatch(
      /WARNING: replaced\.yml:5 volumes\.media: .*docker-compose-x\.yml:8 volumes\.media: driver_opts\)/,
    );
    expect(stderr.match(/WARNING/g)).toHaveLength(2);
  });
});

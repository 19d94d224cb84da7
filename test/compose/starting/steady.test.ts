import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { idleService, Sandbox } from '../../support/sandbox.js';

describeWithEngine('the time that a container without a healthcheck must run', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    const crash = '  crash:\n    image: busybox:1.36\n    command: ["sh", "-c", "sleep 1; exit 3"]\n';
    sandbox = await Sandbox.make({
      ...Object.fromEntries(
        ['steady', 'crash'].flatMap((name) => [
          [`source/stacks/${name}/stack.yml`, `name: ${name}\npods: [${name}]\n`],
          [`${name}.yml`, `stack: source/stacks/${name}\ndeploy-to: compose\n`],
        ]),
      ),
      'source/compose/docker-compose-steady.yml': `services:\n${idleService('web')}`,
      'source/compose/docker-compose-crash.yml': `services:\n${crash}`,
    });
    for (const name of ['steady', 'crash']) await sandbox.create(`${name}.yml`, name);
  });
  afterAll(() => sandbox.remove());
  const start = (directory: string, env: NodeJS.ProcessEnv, ...more: string[]) =>
    sandbox.cli(['deployment', '--dir', directory, 'start', ...more], { env });

  it('is two seconds, so that a service which crashes after one has not started', async () => {
    const failed = await start('crash', { LACONIC_SO_STEADY: '' });
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('exited with code 3');
  });

  it('is that of --steady, else of LACONIC_SO_STEADY', async () => {
    expect(await start('crash', { LACONIC_SO_STEADY: '60' }, '--steady', '0')).toMatchObject({ code: 0 });
    const wrong = await start('crash', { LACONIC_SO_STEADY: 'soon' });
    expect(wrong).toMatchObject({ code: 2 });
    expect(wrong.stderr).toContain('LACONIC_SO_STEADY: soon is not a number of seconds');
  });

  it('is not waited for when nothing was started', async () => {
    expect(await start('steady', {}, '--steady', '0')).toMatchObject({ code: 0 });
    const late = await start('steady', {}, '--steady', '1000', '--wait-timeout', '100');
    expect(late, late.stderr).toMatchObject({ code: 0 });
  });
});

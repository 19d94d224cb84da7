import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { pythonUp, writePythonDeployment } from '../../support/python-deployment.js';
import { Shop, temporaryShop } from './shop.js';

describeWithEngine('restart of a deployment of the Python program whose stack is a git clone', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await Shop.withDeployment();
    await shop.publish('sources');
    await shop.pythonUp();
  });
  afterAll(() => shop.remove());

  it('leaves all containers alone when nothing changed', async () => {
    const before = await shop.containers();
    expect(await shop.command('restart')).toMatchObject({ code: 0 });
    expect(await shop.containers()).toEqual(before);
  });

  it('pulls, updates the directory, and recreates only what changed, while the data stays', async () => {
    const before = await shop.containers();
    await shop.pushElsewhere('sources', 'stack-orchestrator/config/web/settings.env', 'SETTING=second\n');

    const restarted = await shop.command('restart');

    expect(restarted.code).toBe(0);
    const lines = restarted.stdout.replace(/Git pull: [^]*?(?=\nUsing)/, 'Git pull: …').split('\n');
    expect(lines).toEqual([
      '=== Deployment Restart ===',
      `Deployment dir: ${shop.root}`,
      `Stack source: ${shop.stack}`,
      'Current hostname: None',
      '',
      '[1/4] Pulling latest code from stack repository...',
      'Git pull: …',
      `Using spec: ${shop.root}/spec.yml`,
      'Spec hostname: None',
      '',
      '[2/4] Hostname unchanged, skipping DNS verification',
      '',
      '[3/4] Syncing deployment directory...',
      '',
      '[4/4] Applying deployment update...',
      '',
      '=== Restart Complete ===',
      'Deployment updated: services that changed were recreated.',
      '',
    ]);
    const after = await shop.containers();
    expect(after.side).toEqual(before.side);
    expect(after.web?.id).not.toBe(before.web?.id);
    expect(await shop.inWeb('echo $SETTING; cat /data/kept')).toBe('second\nthe rows\n');
    expect(await shop.read('shop/config/web/settings.env.bak')).toBe('SETTING=first\n');
  });

  it('uses deployment/spec.yml of the repository, and keeps the former one as spec.yml.bak', async () => {
    const own = await shop.read('shop/spec.yml');
    await shop.pushElsewhere('sources', 'deployment/spec.yml', own.replace('GREETING: hello', 'GREETING: bye'));
    const restarted = await shop.command('restart');
    expect(restarted).toMatchObject({ code: 0 });
    expect(restarted.stdout).toContain(`\nUsing spec: ${shop.base}/sources/deployment/spec.yml\n`);
    expect(await shop.inWeb('echo $GREETING')).toBe('bye\n');
    expect(await shop.read('shop/spec.yml.bak')).toBe(own);
  });
});

describeWithEngine('restart of a deployment of the Python program from other sources', () => {
  it('resolves a relative stack-source from where the deployment was made, and works from anywhere afterwards', async () => {
    const relative = './sources/stack-orchestrator/stacks/shop';
    const shop = await temporaryShop({
      change: (deployment) => ({
        ...deployment,
        record: deployment.record && { ...deployment.record, stackSource: relative.slice(2) },
        spec: deployment.spec.replace(/^stack: .*$/m, `stack: ${relative}`),
      }),
    });
    const restart = (cwd: string, ...args: string[]) =>
      shop.cli(['deployment', '--dir', shop.root, 'restart', '--no-wait', ...args], { cwd });
    const elsewhere = await restart('/');
    expect(elsewhere).toMatchObject({ code: 1, stdout: '' });
    expect(elsewhere.stderr).toContain('run this from where the deployment was created, or give --stack-path');

    expect(await restart(shop.base)).toMatchObject({ code: 0 });
    expect(await shop.read('shop/deployment.yml')).toBe(
      `cluster-id: ${shop.project}\ndeployment-id: ${shop.project}d\nstack-source: ${shop.stack}\n`,
    );
    const before = await shop.containers();
    expect(await restart('/')).toMatchObject({ code: 0 });
    expect(await shop.containers()).toEqual(before);
  });

  it('accepts --stack-path when the source is gone', async () => {
    const shop = await temporaryShop({
      change: (deployment) => ({
        ...deployment,
        record: deployment.record && { ...deployment.record, stackSource: `/gone/${'long/'.repeat(20)}stacks/shop` },
        spec: deployment.spec.replace(/^stack: .*$/m, 'stack: ../gone/stacks/shop'),
      }),
    });
    expect(await shop.read('shop/deployment.yml')).toContain('stack-source: \n  /gone/long/');
    const lost = await shop.command('restart', '--no-wait');
    expect(lost).toMatchObject({ code: 1, stdout: '' });
    expect(lost.stderr).toContain(`Stack source path does not exist: /gone/${'long/'.repeat(20)}stacks/shop`);
    const given = await shop.command('restart', '--no-wait', '--stack-path', shop.stack);
    expect(given).toMatchObject({ code: 0 });
    expect(given.stderr).toContain('Git pull skipped');
    expect(await shop.read('shop/deployment.yml')).toContain(`\nstack-source: ${shop.stack}\n`);
  });

  it('restarts a bundled stack, although it is not a git tree and the Python program is gone', async () => {
    const shop = await temporaryShop();
    shop.root = shop.path('bundled');
    const compose =
      'services:\n  test-restart:\n    image: busybox:1.36\n    command: sleep 100000\n    stop_signal: SIGKILL\n';
    await writePythonDeployment(shop.root, {
      record: { clusterId: shop.project, stackSource: '/usr/lib/gone/stack_orchestrator/data/stacks/test-restart' },
      spec: 'stack: test-restart\ndeploy-to: compose\nnetwork:\n  ports: {}\n',
      stack: 'version: "1.0"\nname: test-restart\npods:\n  - test-restart\n',
      compose: { 'test-restart': compose },
    });
    await pythonUp(shop.root, shop.project, ['test-restart']);
    const restarted = await shop.command('restart', '--no-wait');
    expect(restarted).toMatchObject({ code: 0 });
    expect(restarted.stderr).toContain('using the stack that ships with laconic-so');
    expect(restarted.stdout).not.toContain('Git pull');
    expect(await shop.read('bundled/marker')).toBe('v1');
    expect(await shop.read('bundled/compose/docker-compose-test-restart.yml.bak')).toBe(compose);
  });
});

import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../../src/system/process/process.js';
import { cliPath } from '../../support/program.js';
import { Sandbox } from '../../support/sandbox.js';

/** Two deployments that share a cluster-id share a Compose project. */
describe('the cluster-id of a new deployment', () => {
  let sandbox: Sandbox;
  let engine: Server;
  let asked = 0;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    engine = createServer((socket) => {
      asked += 1;
      socket.destroy();
    });
    sandbox = await Sandbox.make({
      'so/stacks/notes/stack.yml': 'name: notes\npods: [web]\n',
      'so/compose/docker-compose-web.yml': 'services:\n  web:\n    image: busybox:1.36\n',
      'compose.yml': 'stack: BASE/so/stacks/notes\ndeploy-to: compose\n',
      'k8s-kind.yml': 'stack: BASE/so/stacks/notes\ndeploy-to: k8s-kind\n',
    });
    const socket = sandbox.path('engine.sock');
    await new Promise<void>((resolve) => engine.listen(socket, resolve));
    await mkdir(sandbox.path('bin'));
    await symlink(process.execPath, sandbox.path('bin', 'node'));
    for (const tool of ['docker', 'kind']) {
      const script = `#!/bin/sh\n: >${sandbox.path('called')}\necho laconic-running\n`;
      await writeFile(sandbox.path('bin', tool), script, { mode: 0o755 });
    }
    env = { PATH: sandbox.path('bin'), HOME: sandbox.base, DOCKER_HOST: `unix://${socket}` };
  });
  afterAll(async () => {
    engine.close();
    await sandbox.remove();
  });

  async function clusterId(target: string, directory: string): Promise<string | undefined> {
    const words = ['deploy', 'create', '--spec-file', `${target}.yml`, '--deployment-dir', directory];
    const { code, stderr } = await run(process.execPath, [cliPath, ...words], { env, cwd: sandbox.base });
    expect({ code, stderr }).toMatchObject({ code: 0 });
    return /^cluster-id: (\S+)$/m.exec(await sandbox.read(`${directory}/deployment.yml`))?.[1];
  }

  it('is unique on Compose, and neither kind nor the engine is asked', async () => {
    const ids = [await clusterId('compose', 'one'), await clusterId('compose', 'two')];
    for (const id of ids) expect(id).toMatch(/^laconic-[0-9a-z]{8,}$/);
    expect(new Set([...ids, 'laconic-running']).size).toBe(3);
    expect(asked).toBe(0);
    expect(await sandbox.exists('called')).toBe(false);
  });

  it('depends on the running clusters on kind, for which the engine is asked', async () => {
    await clusterId('k8s-kind', 'kind');
    expect(asked).toBeGreaterThan(0);
  });
});

import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../../../src/system/process/process.js';
import { describeWithCluster } from '../../support/kubernetes/cluster.js';
import { cliPath } from '../../support/program.js';
import { Sandbox } from '../../support/sandbox.js';

/** The address in kubeconfig and DOCKER_HOST: a server that rejects everybody. */
class Listener {
  readonly #server: Server = createServer((socket) => socket.destroy());

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  close(): void {
    this.#server.close();
  }
}

describeWithCluster('a dry run on Kubernetes needs no cluster and no engine', () => {
  const listener = new Listener();
  let sandbox: Sandbox;
  let port = 0;

  beforeAll(async () => {
    port = await listener.listen();
    sandbox = await Sandbox.make({
      'src/stack-orchestrator/stacks/dry/stack.yml': 'version: "1.0"\nname: dry\npods:\n  - app\njobs:\n  - seed\n',
      'src/stack-orchestrator/compose/docker-compose-app.yml':
        'services:\n  web:\n    image: busybox:1.36\n    volumes: ["data:/data"]\nvolumes:\n  data:\n',
      'src/stack-orchestrator/compose-jobs/docker-compose-seed.yml': 'services:\n  seed:\n    image: org/seed:local\n',
    });
    const name = 'x';
    const kubeconfig = {
      clusters: [{ name, cluster: { server: `https://127.0.0.1:${port}` } }],
      users: [{ name, user: { token: 'not-a-token' } }],
      contexts: [{ name, context: { cluster: name, user: name } }],
      'current-context': name,
    };
    await sandbox.write('kubeconfig', JSON.stringify(kubeconfig));
    const common =
      'stack: BASE/src/stack-orchestrator/stacks/dry\nnamespace: dry-run\nimage-registry: reg.invalid/x\nvolumes:\n  data:\n';
    await sandbox.write('k8s.yml', `${common}deploy-to: k8s\nkube-config: BASE/kubeconfig\n`);
    await sandbox.write('kind.yml', `${common}deploy-to: k8s-kind\nkind-cluster-name: laconic-so-none\n`);
    for (const target of ['k8s', 'kind']) await sandbox.create(`${target}.yml`, target);
    await mkdir(sandbox.path('bin'));
    await symlink(process.execPath, sandbox.path('bin', 'node'));
    for (const tool of ['docker', 'kind', 'kubectl', 'git']) {
      const script = `#!/bin/sh\necho ${tool} >> ${sandbox.path('called')}\nexit 1\n`;
      await writeFile(sandbox.path('bin', tool), script, { mode: 0o755 });
    }
  });
  afterAll(async () => {
    listener.close();
    await sandbox.remove();
  });

  it.each(['k8s', 'kind'])('for any command of a deployment to %s', async (target) => {
    const before = await sandbox.fileState(target);
    const env = {
      PATH: sandbox.path('bin'),
      HOME: sandbox.base,
      KUBECONFIG: sandbox.path('kubeconfig'),
      DOCKER_HOST: `tcp://127.0.0.1:${port}`,
    };
    for (const words of [
      'start',
      'start --perform-cluster-management',
      'stop --delete-volumes --delete-namespace --perform-cluster-management --force',
      'stop --delete-data --yes',
      'ps',
      'status',
      'status --format json --exit-code',
      'logs web',
      'port web 80',
      'exec web true',
      'run-job seed',
      'push-images',
      'restart',
    ]) {
      const args = [cliPath, '--dry-run', 'deployment', '--dir', join(sandbox.base, target), ...words.split(' ')];
      const { code, stdout, stderr } = await run(process.execPath, args, { env, cwd: sandbox.base });
      expect({ words, code, stderr }).toMatchObject({ words, code: 0 });
      expect(stdout).toMatch(/^would /m);
      if (/^(start|stop|restart)/.test(words)) expect(stdout).toMatch(/^ {2}from the files alone: \S/m);
    }
    // Docker may be called to find the engine's address; nothing else is called.
    const called = (await sandbox.exists('called')) ? await sandbox.read('called') : '';
    expect(new Set(called.split('\n').filter(Boolean))).toEqual(new Set(target === 'kind' ? ['docker'] : []));
    expect(await sandbox.fileState(target)).toEqual(before);
  });
});

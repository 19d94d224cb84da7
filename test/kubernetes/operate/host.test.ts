import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { errorMessage } from '../../../src/system/errors.js';
import { runOrFail } from '../../../src/system/process/process.js';
import { describeWithCluster, kubectlGet, shared } from '../../support/kubernetes/cluster.js';
import type { Deployed } from '../../support/kubernetes/cluster-sandbox.js';
import { cliPath } from '../../support/program.js';
import { deploy, server, service } from './stack.js';

const port = 28_471;

describeWithCluster("terminals, the node's network and data directories", () => {
  let site: Deployed;
  let directory: string;

  /** Runs `deployment --dir <directory> …` in a terminal with so many columns. */
  async function inTerminal(columns: number, ...args: string[]): Promise<string> {
    const words = [process.execPath, cliPath, 'deployment', '--dir', directory, ...args].map((word) => `'${word}'`);
    const line = `stty rows 40 cols ${columns}; exec ${words.join(' ')}`;
    const { stdout } = await runOrFail('script', 'script', ['-qec', line, '/dev/null'], { input: '' });
    // The characters that `script` prints at the end of its input.
    return stdout.replace('^@', '');
  }

  beforeAll(async () => {
    site = await deploy({
      pods: {
        app: server('web', '    volumes: [data:/data]\nvolumes: {data: }\n'),
        net: service(
          'net',
          `trap exit TERM; while true; do printf 'HTTP/1.0 200 OK\\r\\n\\r\\non the node\\n' | nc -l -p ${port} & wait; done`,
          '    network_mode: host\n',
        ),
      },
    });
    // Below the mount root the node can see the deployment directory too, and so `data/` in it.
    directory = site.sandbox.mounted('dep');
    const spec = await site.sandbox.read('dep.spec.yml');
    await site.sandbox.write('here.yml', `${spec}volumes: {data: ./data/data}\n`);
    await mkdir(site.sandbox.mounted(), { recursive: true });
    await site.sandbox.create('here.yml', directory);
    await site.sandbox.run(directory, 'start');
  });
  afterAll(async () => {
    await site.sandbox.deployment(directory, 'stop', '--delete-volumes');
    await site.remove();
  });

  it('exec has a terminal of the same size when stdin and stdout are one, and otherwise none', async () => {
    // The container's terminal ends lines with CR LF, and nothing is added on the way. The size reaches the node a
    // moment after the command started; until then stty prints nothing and still exits with 0.
    const size = 'tty; until stty size 2> /dev/null | grep .; do sleep 0.1; done';
    expect(await inTerminal(91, 'exec', 'web', size)).toMatch(/^\/dev\/pts\/\d+\r\n40 91\r\n$/);
    expect(await inTerminal(91, 'exec', 'web', 'stty -opost; printf "a\\nb\\n"')).toMatch(/a\nb\n$/);
    expect(await inTerminal(91, 'exec', 'web', 'exit 7').catch((error: unknown) => error)).toMatchObject({ code: 7 });
    const { stdout } = await site.sandbox.run(directory, 'exec', 'web', 'tty || true');
    expect(stdout).toBe('not a tty\n');
  });

  it("network_mode: host puts only this pod into the node's network", async () => {
    const { items = [] } = await kubectlGet('pods', '--namespace', site.namespace);
    const pods = items as { spec: { hostNetwork?: boolean; containers: { name: string }[] } }[];
    expect(pods.map(({ spec }) => [spec.containers[0]?.name, spec.hostNetwork ?? false]).sort()).toEqual([
      ['net', true],
      ['web', false],
    ]);
    const inspected = await runOrFail('inspect', 'docker', [
      ...['inspect', '--format', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', shared.node],
    ]);
    // The server does not listen for a moment between two requests.
    const visit = async (): Promise<string> => (await fetch(`http://${inspected.stdout.trim()}:${port}/`)).text();
    await expect.poll(() => visit().catch(errorMessage), { timeout: 60_000 }).toBe('on the node\n');
  });

  it('stop empties data/ of the deployment directory only with --delete-data', async () => {
    const file = join(directory, 'data', 'data', 'kept');
    await site.sandbox.run(directory, 'exec', 'web', 'echo from the pod > /data/kept');
    expect(await readFile(file, 'utf8')).toBe('from the pod\n');
    const beside = site.sandbox.mounted('beside');
    await writeFile(beside, '');

    await site.sandbox.run(directory, 'stop', '--delete-volumes');
    expect(await readFile(file, 'utf8')).toBe('from the pod\n');

    const unasked = await site.sandbox.deployment(directory, 'stop', '--delete-data');
    expect([unasked.code, unasked.stderr]).toEqual([1, expect.stringContaining('--yes')]);
    expect(unasked.stderr).toContain('and the volumes that the cluster keeps for this deployment');
    expect(await readFile(file, 'utf8')).toBe('from the pod\n');

    await site.sandbox.run(directory, 'stop', '--delete-data', '--yes');
    await expect(readFile(file, 'utf8')).rejects.toThrow('ENOENT');
    expect(await readFile(beside, 'utf8')).toBe('');
  });
});

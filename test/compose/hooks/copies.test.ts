import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { idleService, Sandbox } from '../../support/sandbox.js';

const stack = 'source/stacks/minio';
const deploy = `${stack}/deploy`;

/** Hooks as they are written for Kubernetes: with a helper file, and a module that only machines with clusters have. */
const startHook = `from pathlib import Path

script = (Path(__file__).parent / "provision.sh").read_text()


def start(context):
    from helpers.names import name
    (context.deployment_dir / "provisioned").write_text(script + name)
`;

describeWithEngine('the copy of the hooks in a deployment', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await Sandbox.make({
      [`${stack}/stack.yml`]: 'name: minio\npods: [minio]\n',
      [`${deploy}/commands.py`]: startHook,
      [`${deploy}/provision.sh`]: 'provision\n',
      [`${deploy}/helpers/names.py`]: 'name = "bucket"\n',
      [`${deploy}/helpers/__pycache__/names.cpython-311.pyc`]: 'cache',
      [`${deploy}/.pytest_cache/README.md`]: 'cache',
      'source/compose/docker-compose-minio.yml': `services:\n${idleService('minio')}`,
      'spec.yml': `stack: ${stack}\ndeploy-to: compose\n`,
      'source/stacks/two/stack.yml': `name: two\npods:\n${['a', 'b']
        .map((pod) => `  - {name: ${pod}, repository: example/${pod}, path: .}\n`)
        .join('')}`,
      'two.yml': 'stack: source/stacks/two\ndeploy-to: compose\n',
      ...Object.fromEntries(
        ['a', 'b'].flatMap((pod) => [
          [`repositories/${pod}/docker-compose.yml`, `services:\n${idleService(pod)}`],
          [`repositories/${pod}/stack/deploy/commands.py`, 'import common\n'],
          [`repositories/${pod}/stack/deploy/common.py`, 'shared = True\n'],
          [`repositories/${pod}/stack/deploy/only-${pod}`, pod],
        ]),
      ),
    });
  });
  afterAll(() => sandbox.remove());

  const copies = async (directory: string): Promise<string[]> => {
    const hooks = sandbox.path(directory, 'hooks');
    return Object.keys(await sandbox.fileState(`${directory}/hooks`))
      .map((path) => path.slice(hooks.length + 1))
      .filter(Boolean);
  };

  it('is the whole folder except for caches', async () => {
    await sandbox.create('spec.yml', 'd');
    expect(await copies('d')).toEqual(['commands.py', 'helpers', 'helpers/names.py', 'provision.sh']);
  });

  it('has a Python start hook for Kubernetes, which start on Compose skips with a message unless the hook asks for it', async () => {
    const unasked = await sandbox.run('d', 'start');
    expect(unasked.stderr).toContain(
      `start of ${sandbox.path('d/hooks/commands.py')} is for Kubernetes and is not called on Compose`,
    );
    expect(await sandbox.exists('d/provisioned')).toBe(false);

    await sandbox.write(`${stack}/stack.yml`, 'name: minio\npods: [minio]\nhooks: {start: {compose: true}}\n');
    await sandbox.create('spec.yml', 'd', '--update');
    const asked = await sandbox.run('d', 'start');
    expect(asked.stderr).not.toContain('is for Kubernetes');
    expect(await sandbox.read('d/provisioned')).toBe('provision\nbucket');
  });

  it('puts the hooks of several repositories into one folder, and refuses two different files of one name', async () => {
    await sandbox.create('two.yml', 'two');
    expect(await copies('two')).toEqual(['commands_0.py', 'commands_1.py', 'common.py', 'only-a', 'only-b']);

    await sandbox.write('repositories/b/stack/deploy/common.py', 'shared = False\n');
    const refused = await sandbox.cli(['deploy', 'create', '--spec-file', 'two.yml', '--deployment-dir', 'other']);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain(
      `Error: ${sandbox.path('repositories/a/stack/deploy/common.py')} and ${sandbox.path('repositories/b/stack/deploy/common.py')} are beside the hooks of two repositories`,
    );
    expect(await sandbox.exists('other')).toBe(false);
  });
});

import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { Shop, temporaryShop } from './shop.js';

/** Every file below a directory with its content, except `.laconic`. */
async function snapshot(root: string): Promise<Record<string, string>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes('/.laconic/'))
    .sort();
  return Object.fromEntries(
    await Promise.all(files.map(async (path) => [path, await readFile(path, 'utf8')] as const)),
  );
}

const config = `  FLAG: true
  LABEL: "$GREETING # b"
  TOKEN: $generate:hex:8$
  PASSWORD: overridden below
`;

describeWithEngine('an update of a running deployment of the Python program', () => {
  const password = 'PASSWORD=pa$$word # not for logs';
  let shop: Shop;
  let base: string;
  beforeAll(async () => {
    base = await mkdtemp(join(tmpdir(), 'laconic-credentials-'));
    const credentials = join(base, 'app.env');
    await writeFile(credentials, password);
    shop = await Shop.withDeployment({
      config,
      spec: `credentials-files:\n  - ${credentials}\n`,
      change: (deployment) => ({
        ...deployment,
        credentials: { [credentials]: password },
        hooks: { 'commands_0.py': 'def start(context): raise Exception("stale")\n', 'commands_1.py': '' },
        files: {
          ...deployment.files,
          'config/web/settings.env': 'SETTING=edited\n',
          'config/gone/file': 'of an old pod',
        },
      }),
    });
    await chmod(join(shop.root, 'data/data/kept'), 0o640);
    await shop.pythonUp();
  });
  afterAll(async () => {
    await shop.remove();
    await rm(base, { recursive: true });
  });

  it.each([
    ['create --update', () => shop.update()],
    ['update-envs', () => shop.command('update-envs')],
    ['restart', () => shop.command('restart')],
  ])('is refused by %s where the old parser had expanded a value, showing both values', async (_, command) => {
    const files = await snapshot(shop.root);
    const containers = await shop.containers();
    const refused = await command();
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(
      '  FLAG: was "True", becomes "true"\n  LABEL: was "hello", becomes "$GREETING # b"\n',
    );
    expect(refused.stderr).toContain('--accept-literal-values');
    expect(refused.stderr).not.toMatch(/PASSWORD|pa\$|GREETING: was/);
    expect(await snapshot(shop.root)).toEqual(files);
    expect(await shop.containers()).toEqual(containers);
  });

  it('only prints the changes with --dry-run', async () => {
    const files = await snapshot(shop.root);
    const spec = join(shop.root, 'spec.yml');
    const create = ['deploy', 'create', '--update', '--spec-file', spec, '--deployment-dir', shop.root];
    const planned = await shop.cli(['--dry-run', ...create, '--accept-literal-values']);
    expect(planned.code).toBe(0);
    const lines = ['config.env', 'config/web/settings.env'].map((path) => `would replace ${path}`);
    expect(planned.stdout.split('\n')).toEqual(expect.arrayContaining([...lines, 'would remove hooks/commands_0.py']));
    expect(await snapshot(shop.root)).toEqual(files);
  });

  it('takes the values literally with --accept-literal-values, and keeps ids, data and edits', async () => {
    const data = await stat(join(shop.root, 'data/data/kept'));
    const directory = await stat(join(shop.root, 'data/data'));
    const record = await shop.read('shop/deployment.yml');
    const spec = await shop.read('shop/spec.yml');
    const before = await snapshot(shop.root);
    const containers = await shop.containers();

    const updated = await shop.update('--accept-literal-values');

    expect(updated).toMatchObject({ code: 0, stdout: '' });
    expect(updated.stderr).toMatch(/WARNING: TOKEN: stays unset.*--generate-secrets/);
    expect(updated.stderr).not.toContain('pa$$');
    expect(await shop.read('shop/deployment.yml')).toBe(record);
    expect(await shop.read('shop/spec.yml')).toBe(spec);
    const env = await shop.read('shop/config.env');
    expect(env).toContain(`\nGREETING=hello\nFLAG=true\nLABEL='$GREETING # b'\nPASSWORD='overridden below'\n`);
    expect(env).toContain(`\n# From credentials file: ${base}/app.env\n${password}\n`);
    expect(await shop.read('shop/config.env.bak')).toBe(before[join(shop.root, 'config.env')]);
    expect([await shop.mode('shop/config.env'), await shop.mode('shop/config.env.bak')]).toEqual(['600', '600']);
    expect((await readdir(join(shop.root, 'hooks'))).sort()).toEqual(['commands.py']);
    expect(await readdir(shop.root)).not.toContain('secrets.env');
    expect(await shop.read('shop/config/web/settings.env')).toBe('SETTING=first\n');
    expect(await shop.read('shop/config/web/settings.env.bak')).toBe('SETTING=edited\n');
    expect(await readdir(join(shop.root, 'config/web'))).not.toContain('start.sh.bak');
    expect(await shop.read('shop/config/gone/file')).toBe('of an old pod');
    expect(await shop.read('shop/spec.yml.bak')).toBe('# an older one\n');
    const kept = await stat(join(shop.root, 'data/data/kept'));
    expect([kept.ino, kept.mtimeMs, kept.mode & 0o777]).toEqual([data.ino, data.mtimeMs, 0o640]);
    expect((await stat(join(shop.root, 'data/data'))).ino).toBe(directory.ino);
    expect(await shop.containers()).toEqual(containers);
  });

  it('makes the next start recreate the services that see a difference, and no others', async () => {
    const before = await shop.containers();
    expect(await shop.inWeb('echo "$FLAG|$LABEL|$TOKEN|$SETTING"')).toBe('True|hello|none|edited\n');
    expect(await shop.command('start')).toMatchObject({ code: 0 });
    const after = await shop.containers();
    expect(after.side).toEqual(before.side);
    expect(after.web?.id).not.toBe(before.web?.id);
    expect(await shop.inWeb('echo "$FLAG|$LABEL|$TOKEN|$SETTING"; cat /data/kept')).toBe(
      'true|$GREETING # b|none|first\nthe rows\n',
    );
    expect(await shop.read('shop/start-file')).toBe(`by ${shop.project}`);
  });

  it('has nothing to change a second time', async () => {
    const files = await snapshot(shop.root);
    expect(await shop.update()).toMatchObject({ code: 0, stdout: '' });
    expect(await snapshot(shop.root)).toEqual(files);
  });

  it('generates missing secrets once with --generate-secrets', async () => {
    expect(await shop.update('--generate-secrets')).toMatchObject({ code: 0, stderr: '' });
    expect(await shop.mode('shop/secrets.env')).toBe('600');
    const [, token] = /^TOKEN=([0-9a-f]{16})$/m.exec(await shop.read('shop/secrets.env')) ?? [];
    expect(token).toBeDefined();
    const started = await shop.command('start');
    expect(started.code).toBe(0);
    expect(await shop.inWeb('echo $TOKEN')).toBe(`${token ?? ''}\n`);
    expect(started.stdout + started.stderr).not.toContain(token);
    const secrets = await shop.read('shop/secrets.env');
    expect(await shop.update()).toMatchObject({ code: 0, stderr: '' });
    expect(await shop.read('shop/secrets.env')).toBe(secrets);
  });
});

describeWithEngine('directories of the Python program that need a decision', () => {
  it('with config values that are null or lists are refused by an update, by name, while start and ps work', async () => {
    const shop = await temporaryShop({ config: '  EMPTY:\n  LIST: [1, 2]\n' });
    await shop.pythonUp();
    const containers = await shop.containers();
    const before = await snapshot(shop.root);
    expect(before[join(shop.root, 'config.env')]).toContain('\nEMPTY=None\nLIST=[1, 2]\n');
    for (const refused of [await shop.update(), await shop.command('update-envs')]) {
      expect(refused.code).toBe(1);
      expect(refused.stderr).toMatch(
        /spec\.yml:6 config\.EMPTY: has no value.*\n.*spec\.yml:7 config\.LIST: must be text/,
      );
    }
    const started = await shop.command('start');
    expect(started.code).toBe(0);
    expect(started.stderr).toMatch(/WARNING: .*config\.EMPTY/);
    expect(await shop.command('ps')).toMatchObject({ code: 0 });
    expect(await shop.containers()).toEqual(containers);
    expect({ ...(await snapshot(shop.root)), ...before }).toEqual(await snapshot(shop.root));
  });

  it('with sections only for Kubernetes, null sections or unknown keys are updated', async () => {
    const shop = await temporaryShop({
      spec: 'security:\nresources:\n  containers: lots\nannotations: [a]\nregistry-credentials: {}\nvolume: {}\n',
    });
    const spec = await shop.read('shop/spec.yml');
    const updated = await shop.update();
    expect(updated).toMatchObject({ code: 0, stdout: '' });
    for (const key of ['resources.containers', 'annotations', 'registry-credentials', 'volume']) {
      expect(updated.stderr).toMatch(new RegExp(`WARNING: .*spec\\.yml:\\d+ ${key}: `));
    }
    expect(await shop.read('shop/spec.yml')).toBe(spec);
  });

  it('without a deployment-id use the cluster-id, and an update adds nothing to deployment.yml', async () => {
    const shop = await temporaryShop({
      change: (deployment) => ({
        ...deployment,
        record: deployment.record && {
          clusterId: deployment.record.clusterId,
          stackSource: deployment.record.stackSource ?? '',
        },
      }),
    });
    const record = await shop.read('shop/deployment.yml');
    expect(record).not.toContain('deployment-id');
    expect(await shop.update()).toMatchObject({ code: 0 });
    expect(await shop.read('shop/deployment.yml')).toBe(record);
  });

  it('without deployment.yml are refused by every command', async () => {
    const shop = await temporaryShop({ change: (deployment) => ({ ...deployment, record: null }) });
    const files = await snapshot(shop.root);
    const names = ['start', 'stop', 'ps', 'status', 'logs', 'restart', 'update-envs', 'split'];
    const commands = names.map((name) => shop.command(name));
    for (const refused of await Promise.all([...commands, shop.command('run-job', 'count'), shop.update()])) {
      expect(refused).toMatchObject({ code: 1, stdout: '' });
      expect(refused.stderr).toBe(
        `Error: ${shop.root} is not a deployment directory: it has no deployment.yml\n` +
          'directories older than deployment.yml cannot be used: create a new one with deploy create, and move the data there\n',
      );
    }
    expect(await snapshot(shop.root)).toEqual(files);
    expect(await readdir(shop.root)).not.toContain('.laconic');
  });

  it('get a directory for a new volume of the stack, and files in volumes are never written', async () => {
    const shop = await temporaryShop();
    await shop.write('sources/stack-orchestrator/config/data/kept', 'seed, not data\n');
    await shop.write(
      'shop/spec.yml',
      (await shop.read('shop/spec.yml')).replace('  scratch:', '  scratch: ./data/scratch'),
    );
    await rm(join(shop.root, 'data/data/kept'));
    await mkdir(shop.path('outside'));
    await shop.write('sources/stack-orchestrator/config/outside/seed', 'not wanted\n');
    await shop.write('shop/spec.yml', `${await shop.read('shop/spec.yml')}  outside: ../outside\n`);
    expect(await shop.update()).toMatchObject({ code: 0 });
    expect(await readdir(join(shop.root, 'data/data'))).toEqual([]);
    expect(await readdir(join(shop.root, 'data/scratch'))).toEqual([]);
    expect(await readdir(shop.path('outside'))).toEqual([]);
    expect(await shop.read('shop/compose/docker-compose-web.yml')).toContain('device: ../data/scratch');
  });
});

import { chmod, copyFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeWithEngine } from '../support/engine.js';
import { containersOf, type Seen } from '../support/engine-api.js';
import { idleService, Sandbox } from '../support/sandbox.js';
import { writePythonDeployment } from '../support/python-deployment.js';

const environment = '    environment:\n      TOKEN: ${TOKEN:-}\n      PW: x-${DB_PASSWORD:-none}\n';
const spec = `stack: source/stacks/app
deploy-to: compose
config:
  TOKEN: $generate:hex:16$
  DB_PASSWORD: $generate:base64:12$
`;

describeWithEngine('a generated secret is never lost or replaced silently', () => {
  let sandbox: Sandbox;
  let secrets: string;
  let before: Record<string, Seen>;
  const commands: Record<string, string[]> = {
    start: ['deployment', '--dir', 'd', 'start'],
    restart: ['deployment', '--dir', 'd', 'restart', '--no-git-pull'],
    'update-envs': ['deployment', '--dir', 'd', 'update-envs'],
    'run-job': ['deployment', '--dir', 'd', 'run-job', 'once'],
    render: ['deployment', '--dir', 'd', 'render'],
    'create --update': ['deploy', 'create', '--update', '--spec-file', 'spec.yml', '--deployment-dir', 'd'],
  };
  const containers = async (): Promise<Record<string, Seen>> => sandbox.containers('d');
  const kept = async (): Promise<void> => {
    await sandbox.write('d/secrets.env', secrets);
  };

  beforeAll(async () => {
    sandbox = await Sandbox.make({
      'source/stacks/app/stack.yml': 'name: app\npods:\n  - app\njobs:\n  - once\n',
      'source/compose/docker-compose-app.yml': `services:\n${idleService('web', environment)}`,
      'source/compose-jobs/docker-compose-once.yml': `services:\n${idleService('once')}`,
      'spec.yml': spec,
    });
    await sandbox.create('spec.yml', 'd');
    await sandbox.run('d', 'start');
    secrets = await sandbox.read('d/secrets.env');
  });
  afterAll(() => sandbox.remove());
  beforeEach(async () => {
    await kept();
    before = await containers();
  });

  it('the history has a copy from the first create on, readable by the owner only', async () => {
    expect(await sandbox.read('d/.laconic/history/secrets.env')).toBe(secrets);
    expect((await stat(sandbox.path('d/.laconic/history/secrets.env'))).mode & 0o777).toBe(0o600);
  });

  const losses: Record<string, (file: string) => Promise<void>> = {
    deleted: (file) => rm(file),
    emptied: (file) => writeFile(file, ''),
    'cut in the middle of a value': async (file) => truncate(file, secrets.indexOf('\nTOKEN=') + 12),
    'cut inside quotes': async (file) => writeFile(file, `${secrets.slice(0, secrets.indexOf('\nTOKEN='))}\nTOKEN="ab`),
  };
  for (const [how, lose] of Object.entries(losses)) {
    it(`secrets.env ${how}: commands that need it fail and name a copy`, async () => {
      await lose(sandbox.path('d/secrets.env'));
      const files = await sandbox.fileState('d/config.env');
      const tried = how === 'deleted' ? Object.keys(commands) : ['start', 'create --update'];
      for (const command of tried) {
        const args = commands[command] ?? [];
        const { code, stderr } = await sandbox.cli(args);
        expect({ command, code, stderr }).toMatchObject({ code: 1 });
        for (const name of ['TOKEN', 'DB_PASSWORD']) {
          expect(stderr).toMatch(
            new RegExp(`  ${name}: a copy is in \\.laconic/history/secrets\\.env, and in the container`),
          );
        }
        expect(stderr).toContain('restart --rotate-secret TOKEN --rotate-secret DB_PASSWORD');
        for (const value of Object.values(before.web?.env ?? {}).filter((one) => one.length > 14)) {
          if (secrets.includes(value)) expect(stderr).not.toContain(value);
        }
      }
      expect(await sandbox.fileState('d/config.env')).toEqual(files);
      expect(await containers()).toEqual(before);
    });
  }

  it('restoring the copy changes nothing', async () => {
    await rm(sandbox.path('d/secrets.env'));
    await copyFile(sandbox.path('d/.laconic/history/secrets.env'), sandbox.path('d/secrets.env'));
    await sandbox.run('d', 'start');
    expect(await containers()).toEqual(before);
  });

  it('the container is named as a copy for a directory without history', async () => {
    await rm(sandbox.path('d/.laconic/history'), { recursive: true });
    await rm(sandbox.path('d/secrets.env'));
    const { code, stderr } = await sandbox.deployment('d', 'start');
    expect({ code, stderr }).toMatchObject({ code: 1 });
    expect(stderr).toMatch(/ {2}TOKEN: a copy is in the container/);
    await kept();
  });

  it('the container is named as a copy for a directory that was copied without hidden files', async () => {
    await rm(sandbox.path('d/.laconic'), { recursive: true });
    await rm(sandbox.path('d/secrets.env'));
    for (const command of ['start', 'create --update']) {
      const { code, stderr } = await sandbox.cli(commands[command] ?? []);
      expect({ code, stderr }).toMatchObject({ code: 1 });
      expect(stderr).toMatch(/ {2}DB_PASSWORD: a copy is in the container/);
    }
    expect(await containers()).toEqual(before);
  });

  it('only --rotate-secret generates new secrets, for the names it is given', async () => {
    await rm(sandbox.path('d/secrets.env'));
    const [command = [], name = ''] = [commands.restart, 'TOKEN'];
    const one = await sandbox.cli([...command, '--rotate-secret', name]);
    expect(one.code).toBe(1);
    expect(one.stderr).not.toContain('TOKEN: ');
    await sandbox.succeed([...command, '--rotate-secret', name, '--rotate-secret', 'DB_PASSWORD']);
    const after = await containers();
    expect(after.web?.env.TOKEN).toMatch(/^[0-9a-f]{32}$/);
    expect(after.web?.env.TOKEN).not.toBe(before.web?.env.TOKEN);
    await chmod(sandbox.path('d/secrets.env'), 0o644);
    await sandbox.succeed([...command, '--rotate-secret', name]);
    const generations = await readdir(sandbox.path('d/.laconic/history'), { recursive: true });
    const copies = generations.filter((path) => path.endsWith('secrets.env'));
    expect(copies).toContainEqual(expect.stringMatching(/Z\/secrets\.env$/));
    for (const path of copies) {
      expect((await stat(sandbox.path('d/.laconic/history', path))).mode & 0o777, path).toBe(0o600);
    }
  });

  it('start reports a secret as unset for a directory of the Python program that never had it', async () => {
    const project = `laconic-${Date.now().toString(16)}`;
    sandbox.watch(project);
    await writePythonDeployment(sandbox.path('old'), {
      record: { clusterId: project, stackSource: sandbox.path('source/stacks/app') },
      spec,
      stack: 'name: app\npods:\n  - app\n',
      compose: { app: `services:\n${idleService('web', environment)}` },
    });
    const started = await sandbox.run('old', 'start');
    expect(started.stderr).toContain('WARNING: TOKEN: stays unset');
    expect((await containersOf(project)).web?.env).toMatchObject({ TOKEN: '', PW: 'x-none' });
  });
});

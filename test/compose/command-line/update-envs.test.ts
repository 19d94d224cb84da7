import { cp } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { type CliResult } from '../../support/program.js';
import type { Seen } from '../../support/engine-api.js';
import { idleService, Sandbox } from '../../support/sandbox.js';

const spec = (config: string): string => `stack: source/stacks/app\ndeploy-to: compose\nconfig:\n${config}`;
const first = spec('  ONE: "1"\n  BOTH: both\n  TOKEN: $generate:hex:8$\n');
const service = (name: string, ...variables: string[]): string =>
  idleService(name, `    environment:\n${variables.map((one) => `      ${one}: \${${one}:-unset}\n`).join('')}`);

describeWithEngine('update-envs', () => {
  let sandbox: Sandbox;
  let before: Record<string, Seen>;
  const containers = async (): Promise<Record<string, Seen>> => sandbox.containers('d');
  const updateEnvs = (...args: string[]): Promise<CliResult> => sandbox.deployment('d', 'update-envs', ...args);

  beforeAll(async () => {
    sandbox = await Sandbox.make({
      'source/stacks/app/stack.yml': 'name: app\npods:\n  - app\n',
      'source/compose/docker-compose-app.yml': `services:\n${service('one', 'ONE', 'BOTH')}${service('two', 'TWO', 'BOTH')}${service('three', 'TOKEN')}`,
      'spec.yml': first,
    });
    await sandbox.create('spec.yml', 'd');
    await sandbox.run('d', 'start');
  });
  afterAll(() => sandbox.remove());
  beforeEach(async () => {
    before = await containers();
  });

  it('lists the variables that change and the services that are recreated, and changes nothing, with --dry-run', async () => {
    await sandbox.edit('d/spec.yml', 'ONE: "1"\n  BOTH: both', 'ONE: "hidden-value"\n  TWO: hidden-second');
    const files = await sandbox.fileState('d/config.env');

    const { code, stdout, stderr } = await sandbox.cli(['--dry-run', 'deployment', '--dir', 'd', 'update-envs']);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [first, ...plan] = stdout.trimEnd().split('\n');
    expect(first).toBe('would replace config.env: ONE changes, TWO is new, BOTH is removed');
    expect(plan[0]).toMatch(/^would start services one, three, two of project /);
    expect(plan.slice(1, 4)).toEqual([
      '  recreate one: new values of BOTH, ONE',
      '  recreate two: new values of BOTH, TWO',
      '  leave three: nothing differs',
    ]);
    expect(plan[4]).toMatch(/^would run docker compose .* up .* one two$/);
    expect(plan).toHaveLength(5);
    expect(stdout).not.toContain('hidden');
    expect(await containers()).toEqual(before);
    expect(await sandbox.fileState('d/config.env')).toEqual(files);
    await sandbox.edit('d/spec.yml', 'ONE: "hidden-value"\n  TWO: hidden-second', 'ONE: "1"\n  BOTH: both');
  });

  it('recreates the services that see a difference, and no others', async () => {
    await sandbox.edit('d/spec.yml', 'ONE: "1"', `ONE: it's "new" $HOME # $`);

    const { code, stderr } = await updateEnvs();

    expect({ code, stderr }).toMatchObject({ code: 0 });
    const after = await containers();
    expect(after.one?.env).toMatchObject({ ONE: `it's "new" $HOME`, BOTH: 'both' });
    expect({ two: after.two, three: after.three }).toEqual({ two: before.two, three: before.three });
    expect(await sandbox.read('d/config.env.bak')).toMatch(/^ONE=1$/m);
  });

  it('reaches all services that use a shared value, and adds a new value', async () => {
    await sandbox.edit('d/spec.yml', 'BOTH: both', 'BOTH: shared\n  TWO: second');
    expect((await updateEnvs()).code).toBe(0);
    const after = await containers();
    expect(after.one?.env.BOTH).toBe('shared');
    expect(after.two?.env).toMatchObject({ TWO: 'second', BOTH: 'shared' });
    expect(after.three).toEqual(before.three);
  });

  it('changes nothing without new values', async () => {
    const files = await sandbox.fileState('d/config.env');
    expect((await updateEnvs()).code).toBe(0);
    expect(await containers()).toEqual(before);
    expect(await sandbox.fileState('d/config.env')).toEqual(files);
  });

  it('keeps generated secrets, and replaces one with --rotate-secret', async () => {
    expect((await updateEnvs('--rotate-secret', 'TOKEN')).code).toBe(0);
    const after = await containers();
    expect(after.three?.env.TOKEN).toMatch(/^[0-9a-f]{16}$/);
    expect(after.three?.env.TOKEN).not.toBe(before.three?.env.TOKEN);
    expect(after.one).toEqual(before.one);
  });

  it('says which variables changed, without their values', async () => {
    const { stderr } = await updateEnvs('--rotate-secret', 'TOKEN');
    expect(stderr).toContain('replaced secrets.env: TOKEN changes');
    expect(stderr).not.toContain('config.env');
    expect(stderr).not.toContain((await containers()).three?.env.TOKEN);
    expect((await updateEnvs()).stderr).toContain('d/config.env is up to date');
  });

  it('writes nothing where it could not go on: the engine is down, or the directory is a copy', async () => {
    const refused = async (directory: string, env: NodeJS.ProcessEnv, says: string): Promise<void> => {
      const files = await sandbox.fileState(`${directory}/secrets.env`);
      const args = ['deployment', '--dir', directory, 'update-envs', '--rotate-secret', 'TOKEN'];
      const { code, stderr } = await sandbox.cli(args, { env });
      expect({ code, stderr }).toMatchObject({ code: 1 });
      expect(stderr).toContain(says);
      expect(await sandbox.fileState(`${directory}/secrets.env`)).toEqual(files);
    };
    await refused('d', { DOCKER_HOST: 'unix:///none' }, 'unix:///none');
    await cp(sandbox.path('d'), sandbox.path('c'), { recursive: true });
    await refused('c', {}, 'belong to another deployment directory');
    expect(await containers()).toEqual(before);
  });

  it('does not start stopped services, which see the new values at the next start', async () => {
    await sandbox.run('d', 'stop', 'two');
    await sandbox.edit('d/spec.yml', 'BOTH: shared', 'BOTH: later');
    expect((await updateEnvs()).code).toBe(0);
    expect((await containers()).one?.env.BOTH).toBe('later');
    expect((await containers()).two).toBeUndefined();

    await sandbox.run('d', 'stop');
    await sandbox.edit('d/spec.yml', 'BOTH: later', 'BOTH: last');
    const stopped = await updateEnvs();
    expect(stopped.code).toBe(0);
    expect(stopped.stderr).toContain('no container is running: the new configuration is used at the next start');
    expect(await containers()).toEqual({});
    await sandbox.run('d', 'start');
    expect((await containers()).two?.env.BOTH).toBe('last');
  });

  it('changes nothing when the spec is invalid', async () => {
    await sandbox.edit('d/spec.yml', 'BOTH: last', 'BOTH: [not, a, value]');
    const { code, stderr } = await updateEnvs();
    expect(code).toBe(1);
    expect(stderr).toMatch(/d\/spec\.yml:\d+ config\.BOTH: /);
    expect(await containers()).toEqual(before);
    expect(await sandbox.read('d/config.env')).toMatch(/^BOTH=last$/m);
  });
});

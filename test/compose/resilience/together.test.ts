import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cliPath, describeWithEngine } from '../../support/engine.js';
import { launch } from './kill.js';
import { Site } from './site.js';
import { exists, until } from './waiting.js';

/** A hook that reports that it began, then waits until the test lets it continue. */
const waitingHook = `import { existsSync, writeFileSync } from 'node:fs';
export async function create(context) {
  writeFileSync('SITE/began', '');
  while (!existsSync('SITE/go')) await new Promise((resolve) => setTimeout(resolve, 20));
  writeFileSync(context.deploymentDir + '/hooked.txt', 'done');
}
`;

describeWithEngine('two commands at once', () => {
  let site: Site;
  let project: string;
  let began: string;
  let go: string;

  beforeAll(async () => {
    site = await Site.make();
    began = join(site.directory, 'began');
    go = join(site.directory, 'go');
    await site.succeed(site.createArguments('d'));
    project = await site.project('d');
  });
  afterAll(() => site.remove());

  const on = (...rest: string[]) => site.deploymentArguments('d', ...rest);
  const waiting = (...rest: string[]) => ['deployment', '--dir', site.deployment('d'), '--lock-wait', '60', ...rest];

  async function startWaitingHook(args: readonly string[], program?: readonly string[]) {
    await rm(began, { force: true });
    await rm(go, { force: true });
    await site.writeHook(waitingHook);
    const command = launch(args, { cwd: site.ground }, program);
    await until('the hook began', () => exists(began));
    return command;
  }

  it('two creates of one directory: one creates it, the other reports which command does', async () => {
    const first = await startWaitingHook(site.createArguments('twice'));
    const second = await site.cli(site.createArguments('twice'));
    const patient = launch([...site.createArguments('twice'), '--lock-wait', '60']);
    await writeFile(go, '');

    expect(second.code).toBe(1);
    expect(second.stderr).toContain(`in use by "laconic-so deploy create`);
    expect(second.stderr).toContain(`(process ${first.child.pid},`);
    expect(second.stderr).toContain('--lock-wait SECONDS');
    expect((await first.ended).code).toBe(0);
    const late = await patient.ended;
    expect(late.code).toBe(1);
    expect(late.stderr).toContain('already exists');
    expect(await readFile(join(site.deployment('twice'), 'hooked.txt'), 'utf8')).toBe('done');
    await rm(site.deployment('twice'), { recursive: true });
  });

  it('during an update, start reports it or waits, and read-only commands work', async () => {
    const update = await startWaitingHook(site.updateArguments('d', 'b'));

    const start = await site.cli(on('start'));
    expect(start.code).toBe(1);
    expect(start.stderr).toContain('in use by "laconic-so deploy create');
    const patient = launch(waiting('start'));
    for (const command of ['ps', 'status', 'logs']) await site.succeed(on(command));
    expect(update.child.exitCode).toBe(null);
    await writeFile(go, '');

    expect((await update.ended).code).toBe(0);
    const started = await patient.ended;
    expect(started, started.stderr).toMatchObject({ code: 0 });
    const containers = Object.values(await site.containers(project));
    expect(containers.map((container) => container.state)).toEqual(['running', 'running']);
    expect(containers.flatMap((container) => container.env)).toContain('FLAVOUR=flavour b');
  });

  // Creating a namespace requires root, which most users of an engine are.
  it.skipIf(process.getuid?.() !== 0)(
    'a lock is never taken over from a process namespace that cannot be inspected',
    async () => {
      const apart = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child', process.execPath, '--', cliPath];
      const inside = await startWaitingHook(site.updateArguments('d', 'a'), apart);
      const outside = await site.cli(on('start'));
      expect([outside.code, outside.stderr]).toEqual([
        1,
        expect.stringContaining('in use by "laconic-so deploy create'),
      ]);
      await writeFile(go, '');
      expect((await inside.ended).code).toBe(0);

      const update = await startWaitingHook(site.updateArguments('d', 'b'));
      const { code, stderr } = await launch(on('start'), {}, apart).ended;
      expect([code, stderr]).toEqual([1, expect.stringContaining('in use by "laconic-so deploy create')]);
      await writeFile(go, '');
      expect((await update.ended).code).toBe(0);
    },
  );

  it('stop works while a start waits for readiness', async () => {
    await site.removeContainers(project);
    await rm(join(site.deployment('d'), 'data/seeded/ready'));
    const start = launch(on('start'));
    const lock = join(site.deployment('d'), '.laconic/lock');
    const isWaiting = async (): Promise<boolean> =>
      Object.keys(await site.containers(project)).length === 2 && !(await exists(lock));
    await until('start waits', isWaiting);
    await site.succeed(on('ps'));

    await site.succeed(on('stop'));

    expect(await site.containers(project)).toEqual({});
    const { code, stderr } = await start.ended;
    expect(code, stderr).toBe(1);
    expect(stderr).toContain('did not become ready');
    await writeFile(join(site.deployment('d'), 'data/seeded/ready'), '');
  });

  it('one of many starts does the work, and the others wait and find it done', async () => {
    const starts = [1, 2, 3].map(() => launch(waiting('start')));
    const ended = await Promise.all(starts.map((start) => start.ended));

    expect(ended.map(({ code, stderr }) => (code === 0 ? 'started' : stderr))).toEqual([
      'started',
      'started',
      'started',
    ]);
    expect(Object.values(await site.containers(project)).map((container) => container.state)).toEqual([
      'running',
      'running',
    ]);
  });

  it('ten calls of ps at the same time give the same result', async () => {
    const all = await Promise.all(Array.from({ length: 10 }, () => site.cli(on('ps'))));

    for (const { code, stdout, stderr } of all)
      expect({ code, stderr, stdout }).toEqual({ code: 0, stderr: '', stdout: all[0]?.stdout });
    expect(all[0]?.stdout).toMatch(/^Running containers:\n/);
  });

  it('hooks may run the program on their own deployment', async () => {
    const hook = `import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
const call = (dir, ...args) => {
  const said = execFileSync('${process.execPath}', ['${cliPath}', 'deployment', '--dir', dir, ...args], { encoding: 'utf8', stdio: 'pipe' });
  appendFileSync(dir + '/hooked.txt', args.join(' ') + ': ' + said.split('\\n')[0] + '\\n');
};
export function create(context) {
  call(context.deploymentDir, 'ps');
  call(context.deploymentDir, 'update-envs');
}
export function start(context) {
  call(context.deploymentDir, 'exec', 'side', 'echo from inside');
  call(context.deploymentDir, 'ps');
  call(context.deploymentDir, 'stop', 'side');
}
`;
    await site.writeHook(hook);
    const created = await site.succeed(site.createArguments('hooked'));
    await site.project('hooked');
    const updated = await site.succeed([...site.updateArguments('hooked', 'b')]);
    const started = await site.succeed(site.deploymentArguments('hooked', 'start'));

    const said = await readFile(join(site.deployment('hooked'), 'hooked.txt'), 'utf8');
    const fromCreate = ['ps: No containers running', 'update-envs:'];
    const fromStart = ['exec side echo from inside: from inside', 'ps: Running containers:', 'stop side:'];
    expect(
      said
        .trimEnd()
        .split('\n')
        .map((line) => line.trimEnd()),
    ).toEqual([...fromCreate, ...fromCreate, ...fromStart]);
    for (const { stderr } of [created, updated, started]) expect(stderr).not.toContain('the last update stopped');
    expect(await exists(join(site.deployment('hooked'), '.laconic/lock'))).toBe(false);
  });
});

import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { containersOf, removeContainers } from '../../support/engine-api.js';
import { describeWithEngine } from '../../support/engine.js';
import { cliPath } from '../../support/program.js';
import { eventually } from '../../support/eventually.js';
import { launch } from '../../support/running.js';
import { Site } from './site.js';

/** A hook that reports that it began, then waits until the test lets it continue. */
const waitingHook = `import { existsSync, writeFileSync } from 'node:fs';
export async function create(context) {
  writeFileSync('BASE/began', '');
  while (!existsSync('BASE/go')) await new Promise((resolve) => setTimeout(resolve, 20));
  writeFileSync(context.deploymentDir + '/hooked.txt', 'done');
}
`;

describeWithEngine('two commands at once', () => {
  let site: Site;
  let project: string;
  let began: string;
  let go: string;

  beforeAll(async () => {
    site = await Site.withStack();
    began = site.path('began');
    go = site.path('go');
    await site.succeed(site.createArguments('d'));
    project = await site.projectOf('d');
  });
  afterAll(() => site.remove());

  const on = (...rest: string[]) => site.deploymentArguments('d', ...rest);
  const waiting = (...rest: string[]) => ['deployment', '--dir', site.at('d'), '--lock-wait', '60', ...rest];

  async function startWaitingHook(args: readonly string[], program?: readonly string[]) {
    await rm(began, { force: true });
    await rm(go, { force: true });
    await site.writeHook(waitingHook);
    const command = launch(args, { cwd: site.ground }, program);
    await eventually('the hook began', () => existsSync(began));
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
    expect(await readFile(join(site.at('twice'), 'hooked.txt'), 'utf8')).toBe('done');
    await rm(site.at('twice'), { recursive: true });
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
    const containers = Object.values(await site.containers('d'));
    expect(containers.map((container) => container.state)).toEqual(['running', 'running']);
    expect((await site.containers('d')).web?.env.FLAVOUR).toBe('flavour b');
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
    await removeContainers(project);
    await rm(join(site.at('d'), 'data/seeded/ready'));
    const start = launch(on('start'));
    const lock = join(site.at('d'), '.laconic/lock');
    const isWaiting = async (): Promise<boolean> =>
      Object.keys(await containersOf(project)).length === 2 && !existsSync(lock);
    await eventually('start waits', isWaiting);
    await site.succeed(on('ps'));

    await site.succeed(on('stop'));

    expect(await containersOf(project)).toEqual({});
    const { code, stderr } = await start.ended;
    expect(code, stderr).toBe(1);
    expect(stderr).toContain('did not become ready');
    await writeFile(join(site.at('d'), 'data/seeded/ready'), '');
  });

  it('one of many starts does the work, and the others wait and find it done', async () => {
    const starts = [1, 2, 3].map(() => launch(waiting('start')));
    const ended = await Promise.all(starts.map((start) => start.ended));

    expect(ended.map(({ code, stderr }) => (code === 0 ? 'started' : stderr))).toEqual([
      'started',
      'started',
      'started',
    ]);
    expect(Object.values(await site.containers('d')).map((container) => container.state)).toEqual([
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
});

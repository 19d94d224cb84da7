import { readdir, rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { cliPath } from '../../support/program.js';
import { isRunning } from '../../support/running.js';
import { containersOf } from '../../support/engine-api.js';
import type { Sandbox } from '../../support/sandbox.js';
import { calls, hookedSandbox, hookTexts, setHooks } from './stack.js';

const { file } = hookTexts.python;
const broken = { file, text: 'def create(context, extra_args):\n    extra_args[0].split()\n' };
const update = ['deploy', 'create', '--update', '--spec-file', 'spec.yml', '--deployment-dir', 'd'];
const failure = /^Error: the create hook failed: .*\/deploy\/commands\.py:2: AttributeError: .*split.*$/m;

describeWithEngine('a hook that fails', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await hookedSandbox(broken);
  });
  afterAll(() => sandbox.remove());

  it('leaves nothing at create, and the next try works', async () => {
    const before = await readdir(sandbox.base);

    const failed = await sandbox.cli(['deploy', 'create', '--spec-file', 'spec.yml', '--deployment-dir', 'd']);

    expect(failed).toMatchObject({ code: 1, stdout: '' });
    expect(failed.stderr).toMatch(failure);
    expect(failed.stderr).not.toMatch(/Traceback|^\s+at /m);
    expect(await readdir(sandbox.base)).toEqual(before);

    await setHooks(sandbox, hookTexts.python);
    await sandbox.create('spec.yml', 'd');
    expect((await calls(sandbox)).map((call) => call.mode)).toEqual(['create']);
  });

  it('is reported at an update, and by later commands until an update succeeds', async () => {
    await setHooks(sandbox, broken);
    await sandbox.edit('spec.yml', 'ONE: "1"', 'ONE: "uno"');

    const failed = await sandbox.cli(update);
    const next = await sandbox.deployment('d', 'start');

    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(failure);
    expect(next.code).toBe(0);
    expect(next.stderr).toMatch(
      /^WARNING: the last update stopped in the hook create of .*commands\.py: .*run deploy create --update again$/m,
    );
    const project = await sandbox.projectOf('d');
    expect((await containersOf(project)).web).toMatchObject({ state: 'running', env: { ONE: 'uno' } });

    await setHooks(sandbox, hookTexts.python);
    expect((await sandbox.succeed(update)).stderr).toContain('the last update stopped');
    expect((await sandbox.deployment('d', 'start')).stderr).not.toContain('the last update stopped');
    expect((await calls(sandbox)).map((call) => call.hook)).toEqual(['create', 'start']);
  });

  it('stops a restart before any container is touched', async () => {
    await setHooks(sandbox, broken);
    await sandbox.edit('d/spec.yml', 'ONE: "uno"', 'ONE: "eins"');
    const project = await sandbox.projectOf('d');
    const before = await containersOf(project);

    const failed = await sandbox.deployment('d', 'restart');

    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(failure);
    expect(failed.stdout).not.toContain('[4/4]');
    expect(await containersOf(project)).toEqual(before);
  });

  it('is reported at start after the containers are up, with exit code 1', async () => {
    await setHooks(sandbox, {
      file,
      text: 'START_ON_COMPOSE = True\n\ndef start(context):\n    raise RuntimeError("not today")\n',
    });
    await sandbox.succeed(update);

    const failed = await sandbox.deployment('d', 'start');

    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(
      /^Error: the start hook failed: .*d\/hooks\/commands\.py:4: RuntimeError: not today$/m,
    );
    const { web } = await sandbox.containers('d');
    expect(web).toMatchObject({ state: 'running', env: { ONE: 'uno' } });
  });

  const slow = [
    {
      file,
      text: `import os, subprocess
START_ON_COMPOSE = True
def start(context):
    child = subprocess.Popen(["sleep", "1000"])
    with open("BASE/child", "w") as out:
        out.write(str(child.pid))
    child.wait()
`,
    },
    {
      file: hookTexts.javascript.file,
      text: `import { writeFileSync } from 'node:fs';
export async function start() {
  writeFileSync('BASE/child', String(process.pid));
  await new Promise((resolve) => setTimeout(resolve, 1_000_000));
}
`,
    },
  ];
  it.each(slow)(
    'at start is ended with its child processes when it takes longer than --wait-timeout: $file',
    async (hooks) => {
      await rm(sandbox.path('source/stacks/hooked/deploy'), { recursive: true });
      await setHooks(sandbox, hooks);
      await sandbox.succeed(update);
      const { code, stderr } = await sandbox.deployment('d', 'start', '--no-wait', '--wait-timeout', '3');
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringContaining(
          `start of ${sandbox.path(`d/hooks/${hooks.file}`)} did not end within 3 seconds and was terminated\n`,
        ) as string,
      });
      // On a busy machine the hook may be ended before its first line.
      const child = Number(await sandbox.read('child').catch(() => '0'));
      await expect.poll(() => isRunning(child), { timeout: 60_000 }).toBe(false);
      expect((await sandbox.containers('d')).web).toMatchObject({ state: 'running' });
    },
  );
});

describeWithEngine('a hook that runs laconic-so on its own deployment', () => {
  const calling = (environment: string): string => `import os, subprocess, sys

START_ON_COMPOSE = True

def laconic(context, *words):
    env = dict(os.environ)
    ${environment}
    command = ["${process.execPath}", "${cliPath}", "deployment", "--dir", str(context.deployment_dir), *words]
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    with open("BASE/answers", "a") as answers:
        answers.write(f"{done.returncode} {done.stdout}{done.stderr}")

def create(context, extra_args):
    laconic(context, "ps")
    laconic(context, "stop" if context.mode == "update" else "update-envs")

def start(context):
    laconic(context, "exec", "web", "echo from inside")
    laconic(context, "ps")
`;
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await hookedSandbox({ file, text: calling('pass') });
  });
  afterAll(() => sandbox.remove());
  const answers = async (): Promise<string> => {
    const text = await sandbox.read('answers');
    await sandbox.write('answers', '');
    return text;
  };

  it('is not blocked by the lock of the command that runs it', async () => {
    await sandbox.create('spec.yml', 'd');
    expect(await answers()).toMatch(/^0 No containers running\n0 /);

    await sandbox.run('d', 'start');
    expect(await answers()).toMatch(/^0 from inside\n0 Running containers:\nid: .*\n$/);

    await sandbox.succeed(update);
    expect(await answers()).toMatch(/^0 Running containers:\nid: .*\n0 /);
    expect(await sandbox.containers('d')).toEqual({});
    expect(await sandbox.exists('d/.laconic/lock')).toBe(false);
  });

  it('is blocked like any other process when it hides its parent', async () => {
    await setHooks(sandbox, { file, text: calling('del env["LACONIC_SO_LOCK"]') });

    expect(await sandbox.cli(update)).toMatchObject({ code: 0 });

    expect(await answers()).toMatch(
      /^0 .*\n1 Error: deployment \S+\/d is in use by "laconic-so deploy create --update /,
    );
  });
});

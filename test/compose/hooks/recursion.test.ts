import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { cliPath } from '../../support/program.js';
import { idleService, ProcessSandbox, type Sandbox } from '../../support/sandbox.js';

const pods = ['own', 'scripted'];

/** Records each call and stops after a few, so that a failing test ends. */
const counting = `
def call(name, *words):
    with open("BASE/calls", "a") as calls:
        calls.write(name + "\\n")
    if Path("BASE/calls").read_text().count("\\n") < 5:
        return subprocess.run(["${process.execPath}", "${cliPath}", *words]).returncode
    return 0
`;

/** `BASE/does` contains the command that the hook runs. */
const hooks = `import subprocess
from pathlib import Path

START_ON_COMPOSE = True
${counting}
def run(hook, context):
    wanted, *words = Path("BASE/does").read_text().split()
    if wanted == hook and call(hook, *words) != 0:
        raise RuntimeError("the call was refused")

def create(context, extra_args):
    run("create", context)

def start(context):
    run("start", context)
`;

const refused = 'calls laconic-so to start the same deployment: this would never end';

describeWithEngine('endless recursion through hooks', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await ProcessSandbox.make({
      'source/stacks/own/stack.yml': 'name: own\npods: [own]\n',
      'source/stacks/own/deploy/commands.py': hooks,
      'source/stacks/scripted/stack.yml':
        'name: scripted\npods:\n  - {name: scripted, repository: example/scripted, path: ., post_start_command: after.sh}\n',
      'repositories/scripted/docker-compose.yml': `services:\n${idleService('scripted')}`,
      'repositories/scripted/after.sh': `#!/bin/sh
echo script >> BASE/calls
[ "$(wc -l < BASE/calls)" -ge 5 ] || "${process.execPath}" "${cliPath}" deployment --dir BASE/scripted start
`,
      'source/compose/docker-compose-own.yml': `services:\n${idleService('own')}`,
      ...Object.fromEntries(pods.map((pod) => [`${pod}.yml`, `stack: source/stacks/${pod}\ndeploy-to: compose\n`])),
      does: 'nothing',
    });
    for (const pod of pods) await sandbox.create(`${pod}.yml`, pod);
  });
  afterAll(() => sandbox.remove());

  const calls = async (): Promise<string> => {
    const text = await sandbox.read('calls');
    await sandbox.write('calls', '');
    return text;
  };

  it.each([
    ['start', 'start'],
    ['restart', 'start'],
  ])('is refused once when a start hook calls %s', async (command) => {
    await sandbox.write('does', `start deployment --dir own ${command}`);
    const { code, stderr } = await sandbox.deployment('own', 'start');
    expect([code, await calls()]).toEqual([1, 'start\n']);
    expect(stderr.match(/calls laconic-so to/g)).toHaveLength(1);
    expect(stderr).toContain(`Error: a start hook or a script of a pod of ${sandbox.path('own')} ${refused}`);
  });

  it('does not include other commands that a start hook calls', async () => {
    await sandbox.write('does', 'start deployment --dir own ps');
    expect(await sandbox.deployment('own', 'start')).toMatchObject({ code: 0 });
    expect(await calls()).toBe('start\n');
  });

  it('is refused when a create hook calls --update', async () => {
    const update = 'deploy create --update --spec-file own.yml --deployment-dir own';
    await sandbox.write('does', `create ${update}`);
    const { code, stderr } = await sandbox.cli(update.split(' '));
    expect([code, await calls()]).toEqual([1, 'create\n']);
    expect(stderr).toContain(`Error: a create hook of ${sandbox.path('own')} calls laconic-so to update the same`);
  });

  it('is refused when a script of a pod calls start', async () => {
    const { code, stderr } = await sandbox.deployment('scripted', 'start');
    expect([code, await calls()]).toEqual([1, 'script\n']);
    expect(stderr).toContain(refused);
  });
});

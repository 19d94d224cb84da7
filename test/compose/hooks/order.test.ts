import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { idleService, Sandbox } from '../../support/sandbox.js';

/**
 * Neither alphabetical nor the order in which the folders are made, and more than ten so that 10 has to follow 9 and
 * not 1.
 */
const pods = ['m', 'z', 'a', 'k', 'b', 'y', 'c', 'x', 'd', 'w', 'e'];

/** Pods with hooks in Python, which are slower, and with a container. */
const few = ['m', 'z'];

const python = (pod: string): string => `
START_ON_COMPOSE = True
def note(hook):
    with open("BASE/order", "a") as order:
        order.write(f"{hook} ${pod}\\n")

def init(context):
    note("init")
    return {"config": {"FIRST": "${pod}"}}

def setup(context, parameters, extra_args):
    note("setup")

def create(context, extra_args):
    note("create")

def start(context):
    note("start")
`;

const javascript = (pod: string): string => `
import { appendFileSync } from 'node:fs';
const note = (hook) => () => appendFileSync('BASE/order', hook + ' ${pod}\\n');
export const init = note('init');
export const setup = note('setup');
export const create = note('create');
export const start = note('start');
`;

describeWithEngine('hooks of several pods', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    const entries = pods.map((pod) => `  - name: pod-${pod}\n    repository: example/repo-${pod}\n    path: .\n`);
    sandbox = await Sandbox.make({ 'source/stacks/many/stack.yml': `name: many\npods:\n${entries.join('')}` });
    for (const pod of pods) {
      await sandbox.write(`repositories/repo-${pod}/docker-compose.yml`, `services:\n${idleService(`s-${pod}`)}`);
      const hooks = `repositories/repo-${pod}/stack/deploy/commands`;
      if (few.includes(pod)) await sandbox.write(`${hooks}.py`, python(pod));
      else await sandbox.write(`${hooks}.mjs`, javascript(pod));
    }
    // Starting them all would only take time.
    for (const pod of pods.filter((one) => !few.includes(one))) {
      await sandbox.edit(`repositories/repo-${pod}/docker-compose.yml`, 'SIGKILL\n', 'SIGKILL\n    scale: 0\n');
    }
  });
  afterAll(() => sandbox.remove());

  const order = async (): Promise<string[]> => {
    const text = await sandbox.read('order');
    await sandbox.write('order', '');
    return text.split('\n').filter(Boolean);
  };
  const inOrder = (hook: string): string[] => pods.map((pod) => `${hook} ${pod}`);

  it('run in the order of the stack, and only the first init runs', async () => {
    const stack = ['--stack', 'source/stacks/many', 'deploy'];
    const made = await sandbox.succeed([...stack, 'init', '--output', 'spec.yml']);
    expect(await order()).toEqual(['init m']);
    expect(await sandbox.read('spec.yml')).toMatch(/^ {2}FIRST: m$/m);
    expect(made.stdout.trimEnd().split('\n')).toEqual(
      pods
        .slice(1)
        .map(
          (pod) =>
            `Skipping init() from plugin ${sandbox.path('repositories', `repo-${pod}`)}/stack/deploy/commands.${few.includes(pod) ? 'py' : 'mjs'}. Only one init() is allowed.`,
        ),
    );

    await sandbox.succeed([...stack, 'setup']);
    expect(await order()).toEqual(inOrder('setup'));
    await sandbox.create('spec.yml', 'd');
    expect(await order()).toEqual(inOrder('create'));
    await sandbox.run('d', 'start');
    expect(await order()).toEqual(inOrder('start'));
  });

  it('are removed from the deployment when their pods leave the stack, and no longer run', async () => {
    await sandbox.write(
      'source/stacks/many/stack.yml',
      'name: many\npods:\n  - name: pod-z\n    repository: example/repo-z\n    path: .\n',
    );

    await sandbox.run('d', 'restart');

    expect(await order()).toEqual(['create z', 'start z']);
    expect(Object.keys(await sandbox.fileState('d/hooks'))).toEqual([
      sandbox.path('d/hooks'),
      sandbox.path('d/hooks/commands.py'),
    ]);
    expect(Object.keys(await sandbox.containers('d'))).toEqual(['s-z']);
  });
});

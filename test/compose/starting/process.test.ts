import { afterEach, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { eventually } from '../../support/eventually.js';
import { outcomeOf, Project } from '../../support/project.js';

/** Five services that print hello and run until `go/end` exists. */
const five = `services:\n${[1, 2, 3, 4, 5]
  .map(
    (n) =>
      `  s${n}:\n    image: IMAGE\n    init: true\n    volumes: ["../go:/go"]\n    command: sh -c 'echo hello ${n}; while [ ! -e /go/end ]; do sleep 0.1; done'\n`,
  )
  .join('')}`;

describeWithEngine('a start in a process of its own', () => {
  let ground: Project;
  afterEach(() => ground.remove());
  const start = (attached: boolean) => ground.call({ operation: 'start', attached, directory: ground.directory });

  const outputOf = async ({ stdout, stderr }: ReturnType<typeof start>, ...words: string[]): Promise<void> => {
    let said = '';
    for (const stream of [stdout, stderr]) stream.on('data', (text: Buffer) => (said += text.toString()));
    await eventually(words.join(', '), async () => words.every((word) => said.includes(word)));
  };

  it('shows the output when attached, runs what follows in the meantime, and stops the containers on Ctrl-C', async () => {
    ground = await Project.make(five);
    const child = start(true);
    await outputOf(child, 'hello 3', 'after up');

    child.kill('SIGINT');
    const { code, stderr } = outcomeOf(await child);

    expect([code, stderr]).toEqual([130, expect.stringContaining('Error: interrupted')]);
    const states = Object.values(await ground.containers()).map((one) => one.state);
    expect(states).toEqual(Array<string>(5).fill('exited'));
  });

  it('ends when the containers end when attached', async () => {
    ground = await Project.make(five);
    const child = start(true);
    await outputOf(child, 'hello 1', 'hello 5', 'after up');

    await ground.write('go/end', '');

    expect((await child).exitCode).toBe(0);
  });

  it('ends on Ctrl-C when detached, and leaves what Compose had done', async () => {
    ground = await Project.make(`services:
  slow:
    image: IMAGE
    init: true
    command: sleep 1000
    healthcheck: { test: ["CMD", "false"], interval: 1s, start_period: 60s }
`);
    const child = start(false);
    // Compose has finished; what continues is the wait for readiness.
    await outputOf(child, 'after up');
    child.kill('SIGINT');
    expect(outcomeOf(await child).stderr).toContain('Error: interrupted');
    expect((await ground.containers()).slow?.state).toBe('running');
  });
});

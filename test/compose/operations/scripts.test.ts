import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runPodScripts } from '../../../src/deployers/pod-scripts.js';
import { describeWithEngine } from '../../support/engine.js';
import { isRunning } from '../../support/running.js';
import { testContext } from '../../support/context.js';
import { outcomeOf, Project } from '../../support/project.js';

describeWithEngine('pre-start and post-start scripts of pods', () => {
  let ground: Project;
  const runScripts = async (...paths: string[]) => {
    const scripts = paths.map((path) => ({ path, pod: 'app' }));
    return outcomeOf(await ground.call({ operation: 'scripts', scripts }, { input: 'from stdin' }));
  };

  beforeAll(async () => {
    ground = await Project.make('services: {}');
  });
  afterAll(() => ground.remove());

  it('run one after another in their own directory, with the project in the environment, and inherit stdin and stdout', async () => {
    const text = '#!/bin/sh\necho "$0 $(pwd -P) $CERC_SO_COMPOSE_PROJECT $(cat)"; echo aside >&2\n';
    const one = await ground.write('pods/app one/scripts/pre start.sh', text, 0o755);
    const two = await ground.write('pods/app/scripts/pre.sh', 'echo without a first line\n', 0o755);
    expect(await runScripts(one, two)).toEqual({
      code: 0,
      stdout: `./pre start.sh ${ground.directory}/pods/app one/scripts ${ground.project.name} from stdin\nwithout a first line\n`,
      stderr: 'aside\n',
    });
  });

  it('stop the start at the first failure, with the reason', async () => {
    const failing = await ground.write('fail.sh', '#!/bin/sh\nexit 3\n', 0o755);
    const plain = await ground.write('plain.sh', '#!/bin/sh\n');
    const foreign = await ground.write('foreign.sh', '#!/no/such/interpreter\n', 0o755);
    const after = await ground.write('after.sh', '#!/bin/sh\necho ran\n', 0o755);
    const cases = [
      [failing, 'it ended with exit code 3 (pod app)'],
      [`${ground.directory}/none.sh`, 'there is no such file (pod app)'],
      [ground.directory, 'there is no such file (pod app)'],
      [foreign, 'it cannot be started (pod app)'],
    ] as const;
    for (const [path, reason] of cases) {
      const result = await runScripts(path, after);
      expect(result).toMatchObject({ code: 1, stdout: '' });
      expect(result.stderr).toContain(`Error running command: ${path}: ${reason}\n`);
    }
    expect((await runScripts(plain)).stderr).toContain(`it is not executable`);
    expect((await runScripts(plain)).stderr).toContain('make it executable in the repository of the pod');
  });

  it('are ended with their child processes when they take too long, by SIGKILL if they ignore SIGTERM', async () => {
    const text = "#!/bin/sh\ntrap '' TERM\nsleep 1000 & echo $! > child\nwait\nwait\nsleep 1000\n";
    const path = await ground.write('slow/slow.sh', text, 0o755);
    const scripts = [{ path, pod: 'app' }];
    const { code, stdout, stderr } = outcomeOf(await ground.call({ operation: 'scripts', scripts, seconds: 3 }));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`the script ${path} of the pod app did not end within 3 seconds and was terminated\n`);
    // On a busy machine the script may be ended before its first line.
    const child = Number(await readFile(`${ground.directory}/slow/child`, 'utf8').catch(() => '0'));
    await expect.poll(() => isRunning(child), { timeout: 60_000 }).toBe(false);
  });

  it('do not run in a dry run', async () => {
    const context = testContext(undefined, { dryRun: true });
    await runPodScripts([{ path: '/no/such/script', pod: 'app' }], ground.project, context);
    expect(context.output.stdout).toBe('would run /no/such/script\n');
  });
});

import { afterEach, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { eventually } from '../../support/eventually.js';
import { Project } from '../../support/project.js';

const idle = 'image: IMAGE\n    init: true\n    command: sleep 1000';
const check = (test: string, more = ''): string =>
  `healthcheck: { test: ["CMD-SHELL", "${test}"], interval: 300ms, retries: 2${more} }`;

describeWithEngine('the wait for readiness', () => {
  let ground: Project;
  afterEach(() => ground.remove());
  const start = async (services: string, options: Parameters<Project['start']>[0] = {}) => {
    ground = await Project.make(`services:\n${services}`);
    return ground.start(options);
  };

  const healthLog = (service: string): Promise<string> =>
    ground.docker('inspect', '--format', '{{json .State.Health.Log}}', `${ground.name}-${service}-1`);

  it('fails at once when a service exits with an error, with the end of its log', async () => {
    const outcome = await start(
      `  good:
    ${idle}
  bad:
    image: IMAGE
    command: sh -c 'sleep 0.2; exec >&2; for i in 1 2 3 4 5 6 7 8 9 10 11; do echo line $$i; done; printf "\\377 last\\n"; exit 3'
`,
      { steadySeconds: 20 },
    );
    const returned = Date.now();
    expect(outcome.error).toMatch(
      /^1 service did not become ready\nbad: exited with code 3 \(container lsoproject-\w+-bad-1\)\n {2}end of its log:\n/,
    );
    expect(outcome.error).toContain('\n    line 11\n    \ufffd last');
    expect(outcome.error).not.toContain('line 1\n');
    // Without a limit the wait would never end; "at once" is shortly after the container's end.
    const ended = await ground.docker('inspect', '--format', '{{.State.FinishedAt}}', `${ground.name}-bad-1`);
    expect(returned - Date.parse(ended.trim())).toBeLessThan(10_000);
    expect((await ground.containers()).good?.state).toBe('running');
  });

  it('fails at once when a service is unhealthy, with the output of the healthcheck', async () => {
    const outcome = await start(`  sick:\n    ${idle}\n    ${check('echo no database; exit 7')}\n`);
    expect(outcome.error).toContain('sick: unhealthy');
    expect(outcome.error).toContain('last health check, exit code 7: no database');
    expect(outcome.error).toContain('it wrote no log');
  });

  it('explains the dependency that failed when Compose itself gives up', async () => {
    const outcome = await start(`  sick:
    ${idle}
    ${check('echo no database; exit 7')}
  app:
    ${idle}
    depends_on: { sick: { condition: service_healthy } }
`);
    expect(outcome.error).toContain('is unhealthy');
    expect(outcome.error).toContain('last health check, exit code 7: no database');
  });

  it('tolerates a service that restarts until its dependency is available', async () => {
    const outcome = await start(`  database:
    ${idle}
    ${check('test $$(($$(date +%s) - $$(stat -c %Y /proc/1))) -ge 3', ', start_period: 20s, start_interval: 300ms')}
    volumes: ["shared:/shared"]
  app:
    image: IMAGE
    init: true
    command: sh -c 'test -e /shared/up || { n=$$(cat /shared/n 2>/dev/null); echo x$$n > /shared/n; case $$n in xxx*) touch /shared/up;; esac; exit 1; }; sleep 1000'
    restart: always
    ${check('true')}
    volumes: ["shared:/shared"]
volumes:
  shared:
`);
    expect(outcome.error).toBeUndefined();
    const restarts = await ground.docker('inspect', '--format', '{{.RestartCount}}', `${ground.name}-app-1`);
    expect(Number(restarts)).toBeGreaterThanOrEqual(4);
  });

  it('gives up on a service that keeps restarting', async () => {
    const outcome = await start(
      `  loop:\n    image: IMAGE\n    command: sh -c 'echo cannot; exit 4'\n    restart: always\n`,
      { steadySeconds: 20 },
    );
    const restarts = Number(
      /loop: restarting after exit code 4 \(restarted (\d+) times\)/.exec(outcome.error ?? '')?.[1],
    );
    expect(restarts).toBeGreaterThanOrEqual(5);
    // The engine doubles its delay each time, so these restarts already take half a minute.
    expect(restarts).toBeLessThanOrEqual(8);
    expect(outcome.error).toContain('cannot');
  });

  it('reports what it waited for and what it saw when the time is up', async () => {
    await start(
      `  good:\n    ${idle}\n  slow:\n    ${idle}\n    ${check('echo warming up; exit 1', ', start_period: 600s, start_interval: 300ms')}\n`,
      { wait: false },
    );
    await eventually('a health check', async () => (await healthLog('slow')).includes('warming up'));

    const outcome = await ground.start({ waitTimeout: 2 });

    expect(outcome.error).toMatch(/^not ready after 2 seconds: slow\nslow: running, not healthy yet/);
    expect(outcome.error).toContain('warming up');
  });

  it('respects the time limit while Compose waits for a dependency', async () => {
    const outcome = await start(
      `  slow:\n    ${idle}\n    ${check('exit 1', ', start_period: 600s, start_interval: 300ms')}\n  app:\n    ${idle}\n    depends_on: { slow: { condition: service_healthy } }\n`,
      { waitTimeout: 2 },
    );
    expect(outcome.error).toMatch(/^not ready after 2 seconds: /);
    // Compose alone would wait more than ten minutes.
    expect(outcome.seconds).toBeLessThan(60);
  });

  it('does not interrupt Compose at the time limit while it starts containers, however slow that is', async () => {
    const outcome = await start(
      `  first:\n    ${idle}\n  second:\n    ${idle}\n    depends_on: [first]\n  third:\n    ${idle}\n    depends_on: [second]\n    ${check('exit 1', ', start_period: 600s')}\n`,
      { waitTimeout: 0 },
    );
    expect(outcome.error).toMatch(/^not ready after 0 seconds: .*third\n/);
    expect(outcome.error).toContain('third: running, not healthy yet');
    expect(Object.values(await ground.containers()).map(({ state }) => state)).toEqual(Array(3).fill('running'));
  });

  it('does not treat a service as ready when it ends right after it started', async () => {
    const outcome = await start(`  brief:\n    image: IMAGE\n    command: sh -c 'sleep 0.1; exit 1'\n`, {
      steadySeconds: 20,
    });
    expect(outcome.error).toContain('brief: exited with code 1');
  });

  it('notices that a service which became ready early is no longer ready at the end', async () => {
    const outcome = await start(`  first:
    image: IMAGE
    command: sh -c 'sleep 1.5; touch /shared/over; exit 9'
    volumes: ["shared:/shared"]
  last:
    ${idle}
    ${check('test -e /shared/over && sleep 2', ', start_period: 600s, start_interval: 300ms')}
    volumes: ["shared:/shared"]
volumes:
  shared:
`);
    expect(outcome.error).toContain('first: exited with code 9');
  });

  it('reports an unhealthy service also when there is nothing to start', async () => {
    await start(`  web:\n    ${idle}\n    ${check('test -e /ok')}\n`, { wait: false });
    const again = await ground.start();
    expect(again.error).toContain('web: unhealthy');
    await ground.compose('exec', '--no-TTY', 'web', 'touch', '/ok');
  });

  it('is skipped with --no-wait', async () => {
    const outcome = await start(`  web:\n    ${idle}\n    ${check('exit 1', ', start_period: 60s')}\n`, {
      wait: false,
    });
    expect(outcome.error).toBeUndefined();
  });
});

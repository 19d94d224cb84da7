import { readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { inspect, type Seen } from '../../support/engine-api.js';
import { type Outcome, Project } from '../../support/project.js';

/** Ends at once when stopped, so that tests need not wait for the grace period. */
const idle = 'image: IMAGE\n    init: true\n    command: sleep 1000';

describeWithEngine('start', () => {
  let ground: Project;
  const others: Project[] = [];
  const make = async (compose?: string): Promise<Project> => {
    ground = await Project.make(compose);
    others.push(ground);
    return ground;
  };
  const remove = async (): Promise<void> => {
    for (const one of others.splice(0)) await one.remove();
  };
  const health = async (service: string) =>
    (await inspect((await ground.containers())[service]?.id ?? '')).State.Health?.Status;
  const identity = (seen: Record<string, Seen>): Record<string, string> =>
    Object.fromEntries(Object.entries(seen).map(([key, one]) => [key, `${one.id} ${one.startedAt}`]));

  /**
   * Everything for which Compose's own hash cannot be used: env files, references to services, configs, secrets, scale.
   */
  const varied = `
services:
  web:
    ${idle}
    environment: { GREETING: "\${GREETING}" }
    env_file: ../more.env
    ports: ["80"]
    configs: [text]
    secrets: [word]
    healthcheck: { test: ["CMD", "true"], interval: 500ms }
  side:
    ${idle}
    network_mode: service:web
  many:
    ${idle}
    scale: 2
    volumes: ["named:/n", "/anonymous", "../config/many.conf:/many.conf:ro"]
  migrate:
    image: IMAGE
    command: sh -c 'echo run >> /data/runs'
    volumes: ["data:/data"]
  app:
    ${idle}
    depends_on: { migrate: { condition: service_completed_successfully }, web: { condition: service_healthy } }
  alone:
    image: IMAGE
    command: sh -c 'echo run >> /data/alone'
    volumes: ["data:/data"]
  debugger:
    ${idle}
    profiles: [debug]
volumes:
  named:
  data: { driver: local, driver_opts: { type: none, o: bind, device: DIRECTORY/data } }
configs: { text: { content: "it says \${GREETING}" } }
secrets: { word: { file: ../word } }
`;
  const makeVaried = async (): Promise<Project> => {
    await make(varied);
    await ground.write('more.env', 'MORE=1\n');
    await ground.write('word', 'secret');
    await ground.write('config/many.conf', 'a');
    await ground.write('data/.keep', '');
    return ground;
  };

  describe('of a running project', () => {
    let outcome: Outcome;
    beforeAll(async () => {
      await makeVaried();
      outcome = await ground.start();
    });
    afterAll(remove);

    it('starts everything in order, and reports the state of each service', async () => {
      expect(outcome.error).toBeUndefined();
      expect(outcome.stdout).toBe('');
      const seen = await ground.containers();
      expect(Object.keys(seen).sort()).toEqual(['alone', 'app', 'many', 'many/2', 'migrate', 'side', 'web']);
      expect(await health('web')).toBe('healthy');
      expect(outcome.stderr).toContain('web: healthy\n');
      expect(outcome.stderr).toContain('migrate: completed\n');
      expect(outcome.stderr).toContain('app: running\n');
      const record = await stat(join(ground.directory, '.laconic/started.json'));
      expect(record.mode & 0o777).toBe(0o600);
      expect(await readFile(join(ground.directory, '.laconic/started.json'), 'utf8')).not.toContain('secret"');
    });

    it('does nothing the second time, and does not run one-shots again', async () => {
      const before = await ground.containers();

      const outcome = await ground.start();

      expect(outcome.error).toBeUndefined();
      expect(await ground.containers()).toEqual(before);
      expect(await readFile(join(ground.directory, 'data/runs'), 'utf8')).toBe('run\n');
      expect(await readFile(join(ground.directory, 'data/alone'), 'utf8')).toBe('run\n');
    });

    it('recreates only the service whose configuration changed', async () => {
      const before = identity(await ground.containers());

      await ground.describe(varied.replace('scale: 2', 'scale: 2\n    environment: { NEW: "1" }'));
      const outcome = await ground.start();

      expect(outcome.error).toBeUndefined();
      const after = identity(await ground.containers());
      const changed = Object.keys(after).filter((key) => after[key] !== before[key]);
      expect(changed.sort()).toEqual(['many', 'many/2']);
    });

    it('notices a changed env file, and recreates services that share the network of a recreated one', async () => {
      const before = identity(await ground.containers());

      await ground.write('more.env', 'MORE=2\n');
      await ground.start();

      const after = identity(await ground.containers());
      expect(
        Object.keys(after)
          .filter((key) => after[key] !== before[key])
          .sort(),
      ).toEqual(['side', 'web']);
      const web = (await ground.containers()).web?.id ?? '';
      const mode = await ground.docker('inspect', '--format', '{{.HostConfig.NetworkMode}}', `${ground.name}-side-1`);
      expect(mode.trim()).toBe(`container:${web}`);
    });

    it('recreates services whose mounted file was replaced, with a message', async () => {
      const before = identity(await ground.containers());

      const next = await ground.write('config/next', 'b');
      await rename(next, join(ground.directory, 'config/many.conf'));
      const outcome = await ground.start();

      expect(outcome.stderr).toMatch(/many is recreated: .*config\/many\.conf changed since it was created/);
      const after = identity(await ground.containers());
      expect(
        Object.keys(after)
          .filter((key) => after[key] !== before[key])
          .sort(),
      ).toEqual(['many', 'many/2']);
      expect(await ground.compose('exec', '--no-TTY', 'many', 'cat', '/many.conf')).toBe('b');
      expect(identity(await ground.containers())).toEqual(after);
      await ground.start();
      expect(identity(await ground.containers())).toEqual(after);
    });

    it('recreates services whose config text changed, which Compose does not notice', async () => {
      await ground.write('config.env', 'GREETING=bye\n');
      await ground.start();

      expect(await ground.compose('exec', '--no-TTY', 'web', 'cat', '/text')).toBe('it says bye');
    });
  });

  describe('of a project of its own', () => {
    afterEach(remove);

    it('recreates nothing that another program started', async () => {
      await makeVaried();
      await ground.compose('up', '--detach');
      const { alone, migrate, ...before } = identity(await ground.containers());

      const outcome = await ground.start();

      expect(outcome.error).toBeUndefined();
      const { alone: aloneNow, migrate: migrateNow, ...after } = identity(await ground.containers());
      expect(after).toEqual(before);
      // The end of the one-shots was not seen: they may be servers that were stopped, so they are started again.
      expect([aloneNow, migrateNow].map((one) => one?.slice(0, 64))).toEqual(
        [alone, migrate].map((one) => one?.slice(0, 64)),
      );
    });

    /** Exits with 0 as soon as it is stopped. */
    const polite = `image: IMAGE\n    command: sh -c 'trap "exit 0" TERM; touch /up; while true; do sleep 0.1; done'`;
    const politeUp = async (): Promise<void> => {
      const up = () => ground.compose('exec', '--no-TTY', 'server', 'test', '-e', '/up').then(() => true);
      await expect.poll(() => up().catch(() => false), { timeout: 60_000 }).toBe(true);
    };

    it('starts what was stopped, including a server that exited with 0, but no completed one-shot', async () => {
      await make(`services:\n  server:\n    ${polite}\n  once: { image: IMAGE, command: "true" }\n`);
      await ground.start();
      const before = await ground.containers();
      await politeUp();
      await ground.docker('stop', `${ground.name}-server-1`);

      const outcome = await ground.start();

      expect(outcome.error).toBeUndefined();
      expect(outcome.stderr).toContain('server: running');
      expect(outcome.stderr).toContain('once: completed');
      const after = await ground.containers();
      expect(after.server).toMatchObject({ id: before.server?.id, state: 'running' });
      expect(after.once).toEqual(before.once);
      await ground.start();
      expect(await ground.containers()).toEqual(after);
    });

    it('does not treat a service as completed when somebody stops it during the wait', async () => {
      const never = 'healthcheck: { test: ["CMD", "test", "-e", "/go"], interval: 300ms, retries: 1000 }';
      await make(`services:\n  server:\n    ${polite}\n  slow:\n    ${idle}\n    ${never}\n`);
      const outcome = await ground.start({ waitTimeout: 60 }, async () => {
        await politeUp();
        await ground.docker('stop', `${ground.name}-server-1`);
      });
      expect(outcome.error).toContain('server: stopped by another program');
      await ground.compose('exec', '--no-TTY', 'slow', 'touch', '/go');
      expect((await ground.start()).error).toBeUndefined();
      expect((await ground.containers()).server?.state).toBe('running');
    });

    it('starts stopped servers again that an earlier version recorded', async () => {
      await make(`services:\n  server:\n    ${polite}\n  once: { image: IMAGE, command: "true" }\n`);
      await ground.start();
      const file = join(ground.directory, '.laconic/started.json');
      const record = JSON.parse(await readFile(file, 'utf8')) as { services: Record<string, { ended?: unknown }> };
      expect(record.services.once?.ended).toBeDefined();
      for (const service of Object.values(record.services)) delete service.ended;
      await ground.write('.laconic/started.json', JSON.stringify(record));
      await politeUp();
      await ground.docker('stop', `${ground.name}-server-1`);
      const before = await ground.containers();

      expect((await ground.start()).error).toBeUndefined();

      const after = await ground.containers();
      expect(after.server).toMatchObject({ id: before.server?.id, state: 'running' });
      expect(after.once?.id).toBe(before.once?.id);
    });

    it('starts only the named services and their dependencies, also those of profiles, which are no orphans later', async () => {
      await makeVaried();

      await ground.start({ services: ['side', 'debugger'] });

      const before = await ground.containers();
      expect(Object.keys(before).sort()).toEqual(['debugger', 'side', 'web']);
      expect((await ground.start({ services: ['sied'] })).error).toContain('no such service: sied');

      await ground.start();

      expect(identity(await ground.containers()).debugger).toBe(identity(before).debugger);
    });

    it('removes containers whose service was removed from the compose files, but never those of jobs', async () => {
      await make(`services:\n  web:\n    ${idle}\n  old:\n    ${idle}\n`);
      ground.jobFiles.set(
        'job',
        await ground.write('compose-jobs/docker-compose-job.yml', `services:\n  job:\n    ${idle}\n`),
      );
      await ground.start();
      const job = ground.jobFiles.get('job') ?? '';
      await ground.docker('compose', '--file', job, '--project-name', ground.name, 'run', '--detach', 'job');
      await ground.describe(`services:\n  web:\n    ${idle}\n`);

      const outcome = await ground.start();

      expect(outcome.stderr).toContain(`removing ${ground.name}-old-1: the stack has no service old any more`);
      expect(Object.keys(await ground.containers()).sort()).toEqual(['job job', 'web']);
      expect((await ground.containers())['job job']?.state).toBe('running');
    });

    it('uses other images for named services, through an override file of its own', async () => {
      await make(`services:\n  web:\n    ${idle}\n`);
      const [image = ''] = (await ground.docker('images', '--quiet', '--no-trunc', 'busybox')).trim().split('\n');
      await ground.docker('tag', image, `${ground.name}:other`);
      try {
        expect((await ground.start({ images: new Map([['wbe', 'x']]) })).error).toContain(
          '--image: no such service: wbe, did you mean "web"?',
        );
        const outcome = await ground.start({ images: new Map([['web', `${ground.name}:other`]]) });
        expect(outcome.error).toBeUndefined();
        const used = await ground.docker('inspect', '--format', '{{.Config.Image}}', `${ground.name}-web-1`);
        expect(used.trim()).toBe(`${ground.name}:other`);
      } finally {
        await ground.remove();
        await ground.docker('rmi', `${ground.name}:other`);
      }
    });

    it('recreates a service when its image name has a new image, and never pulls an image that was built here', async () => {
      await make(`services:\n  web:\n    image: NAME:local\n    init: true\n    command: sleep 1000\n`);
      await ground.describe(
        `services:\n  web:\n    image: ${ground.name}:local\n    init: true\n    command: sleep 1000\n`,
      );
      const build = async (label: string): Promise<void> => {
        const file = await ground.write('build/Dockerfile', `FROM IMAGE\nLABEL v=${label}\n`);
        await ground.docker('build', '--quiet', '--tag', `${ground.name}:local`, join(file, '..'));
      };
      expect((await ground.start()).error).toMatch(
        /service web: the image .*:local is not on this host\nbuild it first: laconic-so --stack shop build-containers/,
      );
      try {
        await build('1');
        expect((await ground.start({ compose: { pull: true } })).error).toBeUndefined();
        const before = await ground.containers();
        await build('2');
        const outcome = await ground.start({ compose: { pull: true } });
        expect(outcome.stderr).not.toContain('WARNING');
        expect((await ground.containers()).web?.imageId).not.toBe(before.web?.imageId);
      } finally {
        await ground.remove();
        await ground.docker('rmi', '--force', `${ground.name}:local`);
      }
    });

    it('names the service whose program is missing in the image', async () => {
      await make(`services:\n  web:\n    image: IMAGE\n    command: /no/such/program\n`);
      const outcome = await ground.start();
      expect(outcome.error).toMatch(
        /web: the program "\/no\/such\/program" does not exist in its image \S+; see command and entrypoint/,
      );
      expect(outcome.error).not.toMatch(/Creating|OCI runtime|shim/);
    });

    it('shows each warning of Compose once', async () => {
      await make(`services:\n  web:\n    ${idle}\n    environment: { A: "\${NOWHERE_SET}" }\n`);
      const { stderr } = await ground.start();
      expect(stderr.split('NOWHERE_SET').length - 1).toBe(1);
      expect(stderr).toContain('WARNING: The "NOWHERE_SET" variable is not set. Defaulting to a blank string.');
    });

    it("ignores COMPOSE_REMOVE_ORPHANS of the operator's shell", async () => {
      await make(`services:\n  web:\n    ${idle}\n`);
      process.env.COMPOSE_REMOVE_ORPHANS = 'true';
      try {
        expect((await ground.start()).error).toBeUndefined();
      } finally {
        delete process.env.COMPOSE_REMOVE_ORPHANS;
      }
    });

    it('calls afterUp when the containers exist, before it waits for readiness', async () => {
      await make(
        `services:\n  web:\n    ${idle}\n    healthcheck: { test: ["CMD", "test", "-e", "/go"], interval: 300ms, retries: 100 }\n`,
      );
      const outcome = await ground.start({}, async () => {
        await ground.compose('exec', '--no-TTY', 'web', 'touch', '/go');
      });
      expect(outcome.error).toBeUndefined();
      expect(await health('web')).toBe('healthy');
    });

    it('does nothing for a project with only jobs', async () => {
      await make();
      let called = false;
      const outcome = await ground.start({}, async () => void (called = true));
      expect([outcome.error, called, await ground.containers()]).toEqual([undefined, true, {}]);
    });
  });
});

import { createServer, connect, type Server } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectEngine, type Engine } from '../../../src/engine/connect.js';
import { lastLogLines, inspectContainer, listProjectContainers } from '../../../src/engine/containers.js';
import { projectEvents } from '../../../src/engine/events.js';
import type { LaconicError } from '../../../src/system/errors.js';
import { describeWithEngine } from '../../support/engine.js';
import { testContext } from '../../support/context.js';
import { Project } from '../../support/project.js';

const connectIn = (env: NodeJS.ProcessEnv): Promise<Engine> =>
  connectEngine({ ...testContext(), env: { ...process.env, ...env } });

describeWithEngine('the connection to the engine', () => {
  let ground: Project;
  let server: Server;
  let port: number;
  let directory: string;
  beforeAll(async () => {
    ground = await Project.make(`services:
  web:
    image: IMAGE
    init: true
    command: sh -c 'printf "first\\n"; while [ ! -e /go ]; do sleep 0.1; done; printf "\\377 second\\n" >&2; sleep 1000'
`);
    await ground.start();
    directory = await mkdtemp(join(tmpdir(), 'lsoup-engine-'));
    // An engine on TCP: the real one behind a proxy.
    server = createServer((socket) => {
      const engine = connect('/var/run/docker.sock');
      socket.pipe(engine).pipe(socket);
      for (const end of [socket, engine]) end.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    port = typeof address === 'object' && address !== null ? address.port : 0;
  });
  afterAll(async () => {
    server.close();
    await rm(directory, { recursive: true, force: true });
    await ground.remove();
  });
  const failure = async (env: NodeJS.ProcessEnv): Promise<string> => {
    try {
      await listProjectContainers(await connectIn(env), 'x');
      return 'it answered';
    } catch (error) {
      const { message, hint } = error as LaconicError;
      return `${message}\n${hint ?? ''}`;
    }
  };

  it('uses the docker program when the engine is not on a unix socket, and keeps the connection', async () => {
    const engine = await connectIn({ DOCKER_HOST: `tcp://127.0.0.1:${port}` });
    expect(engine.local).toBe(false);
    const [web] = await listProjectContainers(engine, ground.name);
    const details = await inspectContainer(engine, web?.id ?? '');
    expect(details?.State.Status).toBe('running');
    if (details === undefined) return;
    // The engine reads the two streams in parallel, so the second line is written once the first has arrived.
    const log = (): Promise<string[]> => lastLogLines(engine, details, 10);
    await expect.poll(log, { timeout: 60_000 }).toEqual(['first']);
    await ground.docker('exec', details.Id, 'touch', '/go');
    await expect.poll(log, { timeout: 60_000 }).toEqual(['first', '\ufffd second']);

    const stop = new AbortController();
    const events = await projectEvents(engine, ground.name, stop.signal);
    await ground.docker('restart', '--time', '0', details.Id);
    const seen: string[] = [];
    for await (const event of events) {
      seen.push(event.action);
      if (event.action === 'start') stop.abort();
    }
    expect(seen).toContain('die');
  });

  it('uses DOCKER_CONTEXT and the current context of config.json, as the docker program does', async () => {
    const env = { DOCKER_CONFIG: directory, DOCKER_HOST: '' };
    await ground.docker(
      '--config',
      directory,
      'context',
      'create',
      'away',
      '--docker',
      'host=unix:///nowhere/docker.sock',
    );
    expect(await failure({ ...env, DOCKER_CONTEXT: 'away' })).toContain('unix:///nowhere/docker.sock (context away)');
    expect(await failure(env)).toBe('it answered');
    await writeFile(join(directory, 'config.json'), JSON.stringify({ currentContext: 'away' }));
    expect(await failure(env)).toContain('(context away)');
    expect(await failure({ ...env, DOCKER_CONTEXT: 'default' })).toBe('it answered');
    expect(await failure({ ...env, DOCKER_CONTEXT: 'nosuch' })).toMatch(
      /the Docker context nosuch cannot be used.*not found/s,
    );
    await writeFile(join(directory, 'config.json'), '{');
    expect(await failure(env)).toContain('config.json is not valid JSON');
  });

  it.each([
    ['a missing socket', 'unix:///nowhere/docker.sock', 'is the Docker engine installed and running?'],
    ['a port without a listener', 'tcp://127.0.0.1:1', 'the address comes from DOCKER_HOST or from the Docker context'],
    ['an unknown host', 'ssh://nosuch.invalid', 'the address comes from DOCKER_HOST or from the Docker context'],
  ])('explains what to do about %s', async (_, host, hint) => {
    const said = await failure({ DOCKER_HOST: host });
    expect(said).toContain(`the Docker engine at ${host} cannot be reached`);
    expect(said).toContain(hint);
  });
});

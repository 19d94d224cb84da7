import { request } from 'node:http';

/** The part of a container that tests check. */
export interface InspectedContainer {
  Id: string;
  Image: string;
  State: { Status: string; StartedAt: string; Health?: { Status: string } };
  Config: { Image: string; Labels: Record<string, string>; Env: string[] };
  HostConfig: {
    Memory: number;
    MemoryReservation: number;
    NanoCpus?: number;
    Privileged: boolean;
    CapAdd: string[] | null;
  };
}

/**
 * Requests go over the engine's socket, because running `docker` for each of them took a tenth of the time of all
 * tests.
 */
const socketPath = process.env.DOCKER_HOST?.startsWith('unix://')
  ? process.env.DOCKER_HOST.slice('unix://'.length)
  : '/var/run/docker.sock';

async function ask(method: 'GET' | 'DELETE', path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, method, path }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') });
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}

async function get(path: string): Promise<unknown> {
  const { status, body } = await ask('GET', path);
  if (status !== 200) throw new Error(`GET ${path}: ${status} ${body}`);
  return JSON.parse(body);
}

/** Ids (of volumes, names) of everything that Docker Compose made for a project, including stopped containers. */
export async function labelled(kind: 'containers' | 'networks' | 'volumes', project: string): Promise<string[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`com.docker.compose.project=${project}`] }));
  if (kind === 'volumes') {
    const { Volumes } = (await get(`/volumes?filters=${filters}`)) as { Volumes: { Name: string }[] | null };
    // The engine returns them in any order.
    return (Volumes ?? []).map(({ Name }) => Name).sort();
  }
  const path = kind === 'networks' ? `/networks?filters=${filters}` : `/containers/json?all=1&filters=${filters}`;
  return ((await get(path)) as { Id: string }[]).map(({ Id }) => Id);
}

export async function inspect(container: string): Promise<InspectedContainer> {
  return (await get(`/containers/${container}/json`)) as InspectedContainer;
}

/** A container in the form in which tests compare it: equal before and after means that nothing touched it. */
export interface Seen {
  id: string;
  service: string;
  state: string;
  startedAt: string;
  image: string;
  imageId: string;
  env: Record<string, string>;
  labels: Record<string, string>;
}

/**
 * The containers of a Compose project in any state: `web` is the first of the service web, `web/2` the second, and
 * `job web` the container of a job.
 */
export async function containersOf(project: string): Promise<Record<string, Seen>> {
  const found = await Promise.all(
    (await labelled('containers', project)).map(async (id): Promise<[string, Seen][]> => {
      const { status, body } = await ask('GET', `/containers/${id}/json`);
      return status === 404 ? [] : [seen(JSON.parse(body) as InspectedContainer)];
    }),
  );
  return Object.fromEntries(found.flat());
}

function seen({ Id, Image, State, Config }: InspectedContainer): [string, Seen] {
  const {
    'com.docker.compose.service': service = '',
    'com.docker.compose.oneoff': oneOff,
    'com.docker.compose.container-number': number = '1',
  } = Config.Labels;
  const env = Object.fromEntries(Config.Env.map((line) => [line.split('=', 1)[0] ?? '', line.replace(/^[^=]*=/, '')]));
  const { Status: state, StartedAt: startedAt } = State;
  const key = oneOff === 'True' ? `job ${service}` : number === '1' ? service : `${service}/${number}`;
  return [key, { id: Id, service, state, startedAt, image: Config.Image, imageId: Image, env, labels: Config.Labels }];
}

/** Removes the containers of a Compose project from the engine. */
export async function removeContainers(project: string): Promise<void> {
  for (const id of await labelled('containers', project)) await removeFromEngine('containers', id);
}

/**
 * Removes everything of a Compose project from the engine, whatever its state. What is being removed by others, or is
 * held by a network for a moment, is tried again until nothing is left.
 */
export async function removeProject(project: string): Promise<void> {
  const until = Date.now() + 60_000;
  for (;;) {
    let left = 0;
    for (const kind of ['containers', 'networks', 'volumes'] as const) {
      for (const id of await labelled(kind, project)) await removeFromEngine(kind, id);
      left += (await labelled(kind, project)).length;
    }
    if (left === 0) return;
    if (Date.now() > until) throw new Error(`${left} things of the project ${project} of a test cannot be removed`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Removes containers in any state with their anonymous volumes; those that are gone or still in use are left. */
async function removeFromEngine(kind: 'containers' | 'networks' | 'volumes', id: string): Promise<void> {
  const { status, body } = await ask('DELETE', `/${kind}/${id}${kind === 'containers' ? '?force=1&v=1' : ''}`);
  if (kind === 'containers' && status >= 400 && status !== 404 && status !== 409) {
    throw new Error(`the container ${id} of a test cannot be removed: ${status} ${body}`);
  }
}

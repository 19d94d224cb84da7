import { request } from 'node:http';

/** The part of a container that tests check. */
export interface InspectedContainer {
  Id: string;
  State: { Status: string; StartedAt: string };
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

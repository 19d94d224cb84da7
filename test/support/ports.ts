import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * A port of this host that nobody listens on, and that nobody gets by chance meanwhile: it is below those that the
 * kernel and the engine give out themselves (32768 and up) to whoever asks for any.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 30_000);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const listening = await new Promise<boolean>((resolve) => {
    server.on('error', () => resolve(false));
    server.listen(port, '0.0.0.0', () => resolve(true));
  });
  await new Promise((resolve) => server.close(resolve));
  return listening;
}

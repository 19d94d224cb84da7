import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * A port of this host on which nothing listens. It is below the range from which the kernel and the engine assign ports
 * (32768 and up), so nothing gets it by chance.
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

import { type ChildProcess, spawn } from 'node:child_process';

/** A server of a test. */
export interface Server {
  port: number;
  /** The output so far. */
  log(): string;
  stop(): Promise<void>;
}

/** Starts a program and waits until it prints `ready` on stderr or stdout. */
export async function startProgram(
  program: string,
  args: readonly string[],
  { ready, port, env }: { ready: RegExp; port: number; env: NodeJS.ProcessEnv },
): Promise<Server> {
  const child: ChildProcess = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    const collect = (text: Buffer): void => {
      log += text.toString('utf8');
      if (ready.test(log)) resolve();
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    child.on('error', reject);
    child.on('close', () => reject(new Error(`${program} ended: ${log}`)));
  });
  return {
    port,
    log: () => log,
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { Agent } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/**
 * An HTTP agent whose connections are `docker system dial-stdio` processes: the engine's API, reached however the
 * `docker` program reaches it. Connections are kept and reused, since each costs a process (and an ssh login).
 */
export class DialStdioAgent extends Agent {
  readonly #env: NodeJS.ProcessEnv;

  constructor(env: NodeJS.ProcessEnv) {
    super({ keepAlive: true });
    this.#env = env;
  }

  override createConnection(): Duplex {
    return new DialStdioConnection(spawn('docker', ['system', 'dial-stdio'], { env: this.#env }));
  }
}

/** The pipes of the process as one stream, with the methods of a socket that an agent calls. */
class DialStdioConnection extends Duplex {
  readonly #child: ChildProcessWithoutNullStreams;

  constructor(child: ChildProcessWithoutNullStreams) {
    super();
    this.#child = child;
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4096);
    });
    child.stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) child.stdout.pause();
    });
    child.stdin.on('error', () => undefined); // A broken pipe: `close` below reports the reason.
    child.on('error', (error) => this.destroy(error));
    child.on('close', (code) => {
      if (code === 0) this.push(null);
      else this.destroy(new Error(said.trim() || `docker system dial-stdio returned ${code ?? 'no exit code'}`));
    });
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#child.stdin.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#child.stdin.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#child.kill();
    done(error);
  }

  setKeepAlive(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setTimeout(): this {
    return this;
  }

  /** An idle connection must not keep this program alive. */
  unref(): this {
    this.#child.unref();
    for (const pipe of this.#pipes()) pipe.unref();
    return this;
  }

  ref(): this {
    this.#child.ref();
    for (const pipe of this.#pipes()) pipe.ref();
    return this;
  }

  #pipes(): Socket[] {
    return [this.#child.stdin, this.#child.stdout, this.#child.stderr] as unknown as Socket[];
  }
}

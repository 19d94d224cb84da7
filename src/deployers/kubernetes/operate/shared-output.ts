import { once } from 'node:events';

/** One way out for several logs: each write waits until the reader has room. */
export class SharedOutput {
  readonly #stream: NodeJS.WritableStream;
  #room: Promise<unknown> = Promise.resolve();

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream;
  }

  /** @throws an error with the code EPIPE when the reader went away */
  async write(text: Buffer): Promise<void> {
    await this.#room;
    if (!this.#stream.writable) throw Object.assign(new Error('nobody reads the output'), { code: 'EPIPE' });
    if (this.#stream.write(text)) return;
    this.#room = once(this.#stream, 'drain');
    // Whoever writes next is told; perhaps nobody does.
    this.#room.catch(() => undefined);
  }
}

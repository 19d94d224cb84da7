import { once } from 'node:events';

/**
 * One way out for several logs: each write waits until the reader has room. Node's own pipes leave listeners behind on
 * a stream that others go on to write to, and warn of them.
 */
export class SharedOutput {
  readonly #stream: NodeJS.WritableStream;
  #room: Promise<void> | undefined;

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream;
  }

  /** @throws an error with the code EPIPE when the reader went away */
  async write(text: Buffer): Promise<void> {
    await this.#room;
    if (!this.#stream.writable) throw Object.assign(new Error('nobody reads the output'), { code: 'EPIPE' });
    if (this.#stream.write(text)) return;
    this.#room ??= once(this.#stream, 'drain').then(() => {
      this.#room = undefined;
    });
    // Whoever writes next is told; perhaps nobody does.
    this.#room.catch(() => undefined);
  }

  /** Writes all of this. @throws as {@link write}, and what the source throws */
  async take(chunks: AsyncIterable<Buffer>): Promise<void> {
    for await (const chunk of chunks) await this.write(chunk);
  }
}

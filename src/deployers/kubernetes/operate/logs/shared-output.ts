import { once } from 'node:events';

/**
 * One output for several logs: each write waits until there is room. Node's own pipes leave listeners on a stream that
 * others continue to write to, and warn about them.
 */
export class SharedOutput {
  readonly #stream: NodeJS.WritableStream;
  #room: Promise<void> | undefined;

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream;
  }

  /** @throws an error with the code EPIPE if the reader has closed it */
  async write(text: Buffer): Promise<void> {
    await this.#room;
    if (!this.#stream.writable) throw Object.assign(new Error('nobody reads the output'), { code: 'EPIPE' });
    if (this.#stream.write(text)) return;
    this.#room ??= once(this.#stream, 'drain').then(() => {
      this.#room = undefined;
    });
    // The next write gets the error, but there may be none.
    this.#room.catch(() => undefined);
  }

  /** Writes all chunks. @throws like {@link write}, and errors of the source */
  async take(chunks: AsyncIterable<Buffer>): Promise<void> {
    for await (const chunk of chunks) await this.write(chunk);
  }
}

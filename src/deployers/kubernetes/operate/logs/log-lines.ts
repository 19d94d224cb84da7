import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isLost } from '../../ready/explain.js';
import type { LogQuery } from './log-query.js';

const newline = 0x0a;
/** The timestamp that the kubelet writes before a line, with a space. */
const stamp = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})) /;
/** The maximum length of a stamp. */
const stampBytes = 40;
/** The maximum length of the kubelet's message that a log is lost. */
const lostBytes = 200;
/** Longer lines are passed on in parts, to bound the memory. */
const longest = 1024 * 1024;

/** Returns the lines of a log; errors of either stream end the other. */
export function linesOf(log: Readable, lines: LogLines): AsyncIterable<Buffer> {
  // Readers of the lines get the error.
  pipeline(log, lines).catch(() => undefined);
  return lines;
}

/**
 * Prefixes each line with `<label>: ` and drops lines that were not requested. The bytes of a line are unchanged; each
 * line is written in one piece, so that lines of several containers do not mix.
 */
export class LogLines extends Transform {
  readonly #label: () => string;
  #prefix = Buffer.alloc(0);
  readonly #query: Pick<LogQuery, 'until' | 'timestamps'>;
  #rest: Buffer[] = [];
  #length = 0;
  #ended = false;
  /** The log no longer exists, and the kubelet sent a message instead. */
  lost = false;

  /** @param label called again as more arrives: others of its kind may have been started in the meantime */
  constructor(label: () => string, query: Pick<LogQuery, 'until' | 'timestamps'>) {
    super();
    this.#label = label;
    this.#query = query;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#prefix = Buffer.from(`${this.#label()}: `);
    let at = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, at)) {
      this.#keep(chunk.subarray(at, end));
      this.#line();
      at = end + 1;
    }
    this.#keep(chunk.subarray(at));
    if (this.#length > longest) this.#line();
    done();
  }

  override _flush(done: () => void): void {
    if (this.#length > 0) this.#line();
    done();
  }

  #keep(part: Buffer): void {
    if (part.length > 0) this.#rest.push(part);
    this.#length += part.length;
  }

  #line(): void {
    const line = Buffer.concat(this.#rest);
    this.#rest = [];
    this.#length = 0;
    if (this.#ended) return;
    if (isLost(line.toString('latin1', 0, lostBytes))) {
      this.lost = true;
      return;
    }
    const { until, timestamps } = this.#query;
    let shown = line;
    if (until !== undefined) {
      const [whole = '', time = ''] = stamp.exec(line.subarray(0, stampBytes).toString('latin1')) ?? [];
      if (time !== '' && Date.parse(time) >= until) {
        this.#ended = true;
        return;
      }
      if (!timestamps) shown = line.subarray(whole.length);
    }
    this.push(Buffer.concat([this.#prefix, shown, Buffer.of(newline)]));
  }
}

import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Context } from '../system/context.js';
import { errorMessage } from '../system/errors.js';
import { secretMode } from '../system/files.js';
import { ShownText } from '../system/shown-text.js';
import { stateDirectory } from '../system/state.js';

/** How much of a failed build is shown; the rest is in its log file. */
const shownLines = 30;

/** Where the log of a container's last build is: below `XDG_STATE_HOME`, by default `~/.local/state`. */
export function buildLogFile(container: string, env: NodeJS.ProcessEnv): string {
  return join(stateDirectory(env), 'builds', `${container}.log`);
}

/**
 * What one build said, without secrets: written to its log file as it comes, for its owner only, and its last lines
 * kept. A log that cannot be written, or not any further, is told once and fails no build.
 */
export class BuildLog {
  readonly file: string;
  readonly #shown = new ShownText();
  readonly #context: Context;
  readonly #last: string[] = [];
  #descriptor: number | undefined;
  #count = 0;

  constructor(container: string, secrets: Iterable<string>, context: Context) {
    this.#shown.conceal(secrets);
    this.#context = context;
    this.file = buildLogFile(container, context.env);
    this.#try(() => {
      mkdirSync(dirname(this.file), { recursive: true, mode: 0o700 });
      // A new file: somebody may still read the last one, and another build of the same name may still write it.
      rmSync(this.file, { force: true });
      this.#descriptor = openSync(this.file, 'wx', secretMode);
    });
  }

  /** A line of the build. @returns it as it may be shown */
  line(text: string): string {
    const shown = this.#shown.of(text);
    this.#count += 1;
    this.#last.push(shown);
    if (this.#last.length > shownLines) this.#last.shift();
    this.#write(shown);
    return shown;
  }

  /** A line of ours about the build. */
  note(text: string): void {
    this.#write(`# ${new Date().toISOString()} ${this.#shown.of(text)}`);
  }

  /** The last lines of what the build said. */
  get tail(): string {
    return this.#last.join('\n');
  }

  /** Nothing is missing in the file. */
  get complete(): boolean {
    return this.#descriptor !== undefined;
  }

  /** Where all of it can be read. */
  get whereAll(): string {
    return this.#descriptor === undefined
      ? 'see all of it with --verbose'
      : `all ${this.#count} lines are in ${this.file}`;
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #write(line: string): void {
    const descriptor = this.#descriptor;
    if (descriptor !== undefined) this.#try(() => writeSync(descriptor, `${line}\n`));
  }

  #try(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#context.report.warn(`the build log ${this.file} ends here: ${errorMessage(error)}`);
      this.close();
    }
  }
}

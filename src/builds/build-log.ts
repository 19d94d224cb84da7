import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Context } from '../system/context.js';
import { errorMessage } from '../system/errors.js';
import { secretMode } from '../system/files/files.js';
import { Redactor } from '../system/redactor.js';
import { stateDirectory } from '../system/files/state.js';

/** How many lines of a failed build are shown; the rest is in its log file. */
const shownLines = 30;

/** The path of the log of a container's last build: in `XDG_STATE_HOME`, by default `~/.local/state`. */
export function buildLogFile(container: string, env: NodeJS.ProcessEnv): string {
  return join(stateDirectory(env), 'builds', `${container}.log`);
}

/**
 * The output of one build, without secrets: written to its log file immediately, readable for the owner only, with the
 * last lines kept in memory. If the log cannot be written, a warning is printed once, and the build continues.
 */
export class BuildLog {
  readonly file: string;
  readonly #shown = new Redactor();
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
      // A new file: somebody may still read the old one, or another build of the same name may still write it.
      rmSync(this.file, { force: true });
      this.#descriptor = openSync(this.file, 'wx', secretMode);
    });
  }

  /**
   * Adds a line of output.
   * @returns the line, ready to be shown
   */
  line(text: string): string {
    const shown = this.#shown.redact(text);
    this.#count += 1;
    this.#last.push(shown);
    if (this.#last.length > shownLines) this.#last.shift();
    this.#write(shown);
    return shown;
  }

  /** Adds a comment to the log file. */
  note(text: string): void {
    this.#write(`# ${new Date().toISOString()} ${this.#shown.redact(text)}`);
  }

  /** The last lines of output. */
  get tail(): string {
    return this.#last.join('\n');
  }

  /** Whether the file contains all output. */
  get complete(): boolean {
    return this.#descriptor !== undefined;
  }

  /** Where to read the complete output. */
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

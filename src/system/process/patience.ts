import type { Reporter } from '../report.js';

/** When an overdue answer is first reported, and how often after that, in milliseconds. */
const firstMs = 10_000;
const againMs = 60_000;

/**
 * Reports long waits for an answer, as from an API server: after ten seconds, and then every minute. Several questions
 * to the same server are reported as one, and any answer resets the time.
 */
export class SilenceWatch {
  readonly #who: string;
  readonly #report: Pick<Reporter, 'warn'>;
  #open = 0;
  #heardAt = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param who begins the sentence: `the Docker engine at unix:///var/run/docker.sock` */
  constructor(who: string, report: Pick<Reporter, 'warn'>) {
    this.#who = who;
    this.#report = report;
  }

  /** Waits for the answer to a question, with reports. */
  async while<T>(question: Promise<T>): Promise<T> {
    const answered = this.ask();
    try {
      return await question;
    } finally {
      answered();
    }
  }

  /**
   * A question was asked.
   * @returns a function to call once it is answered or given up
   */
  ask(): () => void {
    this.#open += 1;
    if (this.#open === 1) this.heard();
    return () => {
      this.#open -= 1;
      this.heard();
    };
  }

  /** Something was received, even if only part of an answer. */
  heard(): void {
    clearTimeout(this.#timer);
    if (this.#open === 0) return;
    this.#heardAt = performance.now();
    this.#sayIn(firstMs);
  }

  #sayIn(ms: number): void {
    this.#timer = setTimeout(() => {
      const seconds = Math.round((performance.now() - this.#heardAt) / 1000);
      this.#report.warn(`${this.#who} has not answered for ${seconds} s; still waiting (Ctrl-C ends it)`);
      this.#sayIn(againMs);
    }, ms);
    // The timer must not keep the process running.
    this.#timer.unref();
  }
}

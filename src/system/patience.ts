import type { Reporter } from './report.js';

/**
 * How long an answer may be overdue before that is reported, and how often it is reported from then on, in
 * milliseconds.
 */
const firstMs = 10_000;
const againMs = 60_000;

/**
 * Waiting for somebody else, such as an API server, without being silent about it: says that nothing has come for ten
 * seconds, and again every minute. Several questions to the same one are reported as one, and any answer counts.
 */
export class Patience {
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

  /** Waits for the answer to a question. */
  async while<T>(question: Promise<T>): Promise<T> {
    const answered = this.ask();
    try {
      return await question;
    } finally {
      answered();
    }
  }

  /** A question is asked. @returns to be called once it is answered, or given up */
  ask(): () => void {
    this.#open += 1;
    if (this.#open === 1) this.heard();
    return () => {
      this.#open -= 1;
      this.heard();
    };
  }

  /** Something came, be it a part of an answer only. */
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
    // An overdue answer keeps the program running by itself, if it is to be kept.
    this.#timer.unref();
  }
}

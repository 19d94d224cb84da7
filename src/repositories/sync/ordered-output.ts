/**
 * Prints the lines of concurrent work in list order, as if it were done sequentially: scripts read them like this.
 * Lines of the first place that is not closed yet are printed immediately.
 */
export class OrderedLines {
  readonly #print: (line: string) => void;
  readonly #waiting: string[][];
  readonly #closed: boolean[];
  #first = 0;

  constructor(places: number, print: (line: string) => void) {
    this.#print = print;
    this.#waiting = Array.from({ length: places }, () => []);
    this.#closed = Array.from({ length: places }, () => false);
  }

  line(place: number, text: string): void {
    if (place === this.#first) this.#print(text);
    else this.#waiting[place]?.push(text);
  }

  /** No more lines come from this place. */
  close(place: number): void {
    this.#closed[place] = true;
    while (this.#closed[this.#first] === true) {
      this.#first += 1;
      for (const text of this.#waiting[this.#first] ?? []) this.#print(text);
      this.#waiting[this.#first] = [];
    }
  }
}

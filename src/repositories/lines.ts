/**
 * The lines of work that goes on side by side, in the order of the list as if it were done one after the other: scripts
 * read them so. A place's lines are let through at once while it is the first that is not closed.
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

  /** Nothing more comes from this place. */
  close(place: number): void {
    this.#closed[place] = true;
    while (this.#closed[this.#first] === true) {
      this.#first += 1;
      for (const text of this.#waiting[this.#first] ?? []) this.#print(text);
      this.#waiting[this.#first] = [];
    }
  }
}

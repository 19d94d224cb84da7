import { styleText } from 'node:util';
import { Redactor } from './redactor.js';

/** The streams a reporter writes to: those of the process, or buffers in tests. */
export interface Streams {
  stdout: { write(text: string): unknown; isTTY?: boolean };
  stderr: { write(text: string): unknown; isTTY?: boolean; columns?: number; rows?: number };
}

export interface ReportOptions {
  quiet: boolean;
  verbose: boolean;
  debug: boolean;
  /** Whether to use colour; already takes `NO_COLOR` and `FORCE_COLOR` into account. */
  color: boolean;
  /** False for a terminal that cannot move its cursor (`TERM=dumb`): nothing is redrawn in place. */
  redraw?: boolean;
}

/**
 * All output of the program. stdout carries results and the lines that existing scripts read; stderr carries warnings,
 * errors and progress. `--quiet` hides progress and information, never results, warnings or errors.
 */
export interface Reporter {
  readonly options: ReportOptions;
  /** Whether progress is redrawn in place: stderr is a terminal. */
  readonly live: boolean;
  /** Prints a line of the result on stdout. */
  print(line: string): void;
  /** Writes raw text of the result to stdout. */
  write(text: string): void;
  /** Prints information on stderr; nothing with `--quiet`. */
  info(line: string): void;
  /** Prints `WARNING: …` on stderr, always. */
  warn(line: string): void;
  /** Prints `Error: …` on stderr, always; a line that starts with `Error ` is printed as it is. */
  error(line: string): void;
  /** Prints a line on stderr with `--verbose` or `--debug`. */
  verbose(line: string): void;
  /** Prints a line on stderr with `--debug`. */
  debug(line: string): void;
  /** Sets the current state of a subject (a service, an image); see {@link createReporter}. */
  progress(subject: string, state: string, outcome?: 'working' | 'done' | 'failed'): void;
  /** Ends the progress block: later output is printed below it. */
  endProgress(): void;
  /** Masks these secrets in everything written to stderr from now on, whatever its source. Results are not masked. */
  conceal(secrets: Iterable<string>): void;
}

const marks = { working: '…', done: '✔', failed: '✘' } as const;
const colours = { working: 'yellow', done: 'green', failed: 'red' } as const;

/** Whether to use colour on this stream: on a terminal without `NO_COLOR` (no-color.org), or with `FORCE_COLOR`. */
export function wantsColor(env: NodeJS.ProcessEnv, isTTY: boolean | undefined): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR && env.FORCE_COLOR !== '0') return true;
  return Boolean(isTTY) && env.TERM !== 'dumb';
}

interface Progress {
  state: string;
  outcome: keyof typeof marks;
}

/** The progress lines that fit on the terminal: all in their order, else those in progress or failed first. */
function visible(block: ReadonlyMap<string, Progress>, room: number): (Progress & { subject: string })[] {
  const all = [...block].map(([subject, progress]) => ({ subject, ...progress }));
  if (all.length <= room) return all;
  const done = all.filter(({ outcome }) => outcome === 'done');
  const others = all.filter(({ outcome }) => outcome !== 'done');
  return [...others, ...done].slice(0, Math.max(1, room - 1));
}

/**
 * Creates a reporter on these streams. On a terminal each progress subject has one line, redrawn in place; elsewhere
 * each change of state is a plain line `subject: state`.
 */
export function createReporter(streams: Streams, options: ReportOptions): Reporter {
  const live = Boolean(streams.stderr.isTTY) && !options.quiet && options.redraw !== false;
  const block = new Map<string, Progress>();
  const shown = new Redactor();
  let drawn = 0;

  const paint = (colour: 'yellow' | 'green' | 'red' | 'bold', text: string): string =>
    options.color ? styleText(colour, text, { validateStream: false }) : text;
  const erase = (): void => {
    if (drawn > 0) streams.stderr.write(`\u001b[${drawn}A\u001b[J`);
    drawn = 0;
  };
  const draw = (): void => {
    if (!live) return;
    // Terminals without a window (`script`, some CI) report 0 columns and rows.
    const sizeOr = (size: number | undefined, usual: number): number =>
      size === undefined || size === 0 ? usual : size;
    const columns = sizeOr(streams.stderr.columns, 80);
    const rows = sizeOr(streams.stderr.rows, 24);
    for (const { subject, state, outcome } of visible(block, rows - 2)) {
      const text = `${subject}  ${state}`.slice(0, Math.max(1, columns - 4));
      streams.stderr.write(` ${paint(colours[outcome], marks[outcome])} ${text}\n`);
      drawn += 1;
    }
    const hidden = block.size - drawn;
    if (hidden > 0) {
      streams.stderr.write(`   and ${hidden} more\n`);
      drawn += 1;
    }
  };
  const above = (stream: { write(text: string): unknown }, text: string): void => {
    erase();
    stream.write(text);
    draw();
  };
  const aside = (text: string): void => above(streams.stderr, text);
  // Results printed below a progress block on the same terminal would be erased with the block.
  const answer = (text: string): void => above(streams.stdout, text);

  return {
    options,
    live,
    print: (line) => answer(`${line}\n`),
    write: answer,
    info: (line) => {
      if (!options.quiet) aside(`${shown.redact(line)}\n`);
    },
    warn: (line) => aside(`${paint('yellow', 'WARNING:')} ${shown.redact(line)}\n`),
    error: (line) => {
      const text = shown.redact(line);
      // Lines that scripts know, such as `Error running job …`, already start with the word.
      const [mark, said] = text.startsWith('Error ') ? ['Error', text.slice('Error '.length)] : ['Error:', text];
      aside(`${paint('red', mark)} ${said}\n`);
    },
    verbose: (line) => {
      if (options.verbose || options.debug) aside(`${shown.redact(line)}\n`);
    },
    debug: (line) => {
      if (options.debug) aside(`${shown.redact(line)}\n`);
    },
    progress: (subject, said, outcome = 'working') => {
      if (options.quiet) return;
      const state = shown.redact(said);
      const before = block.get(subject);
      if (before?.state === state && before.outcome === outcome) return;
      erase();
      block.set(subject, { state, outcome });
      draw();
      if (!live && before?.state !== state) streams.stderr.write(`${subject}: ${state}\n`);
    },
    endProgress: () => {
      block.clear();
      drawn = 0;
    },
    conceal: (secrets) => shown.conceal(secrets),
  };
}

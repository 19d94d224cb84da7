import { styleText } from 'node:util';
import { ShownText } from './shown-text.js';

/** The streams a reporter writes to; the real ones in the program, buffers in tests. */
export interface Streams {
  stdout: { write(text: string): unknown; isTTY?: boolean };
  stderr: { write(text: string): unknown; isTTY?: boolean; columns?: number; rows?: number };
}

export interface ReportOptions {
  quiet: boolean;
  verbose: boolean;
  debug: boolean;
  /** `NO_COLOR` and friends decide before this: false means never colour. */
  color: boolean;
  /** False for a terminal that cannot move its cursor (`TERM=dumb`): nothing is redrawn in place. */
  redraw?: boolean;
}

/**
 * The one way out of the program. stdout carries the answer and the lines existing scripts read;
 * stderr carries warnings, errors and progress. `--quiet` silences progress and information, never the answer,
 * warnings or errors.
 */
export interface Reporter {
  readonly options: ReportOptions;
  /** True when progress may be redrawn in place: stderr is a terminal. */
  readonly live: boolean;
  /** A line of the answer, on stdout. */
  print(line: string): void;
  /** Raw text of the answer, on stdout. */
  write(text: string): void;
  /** Something worth knowing, on stderr; nothing with `--quiet`. */
  info(line: string): void;
  /** `WARNING: …` on stderr, always. */
  warn(line: string): void;
  /** `Error: …` on stderr, always; a line that begins with `Error ` as it is. */
  error(line: string): void;
  /** On stderr, with `--verbose` or `--debug`. */
  verbose(line: string): void;
  /** On stderr, with `--debug`. */
  debug(line: string): void;
  /** The newest state of one named thing (a service, an image); see {@link createReporter}. */
  progress(subject: string, state: string, outcome?: 'working' | 'done' | 'failed'): void;
  /** Ends the progress block: what follows is printed below it. */
  endProgress(): void;
  /** From now on nothing on stderr shows these secrets, whoever's words it repeats. Answers are what they are. */
  conceal(secrets: Iterable<string>): void;
}

const marks = { working: '…', done: '✔', failed: '✘' } as const;
const colours = { working: 'yellow', done: 'green', failed: 'red' } as const;

/** True when colour is wanted on this stream: a terminal, and no `NO_COLOR` (no-color.org), or `FORCE_COLOR`. */
export function wantsColor(env: NodeJS.ProcessEnv, isTTY: boolean | undefined): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR && env.FORCE_COLOR !== '0') return true;
  return Boolean(isTTY) && env.TERM !== 'dumb';
}

interface Progress {
  state: string;
  outcome: keyof typeof marks;
}

/** The lines that fit on the terminal: all in their order, or those that are not done before the others. */
function visible(block: ReadonlyMap<string, Progress>, room: number): (Progress & { subject: string })[] {
  const all = [...block].map(([subject, progress]) => ({ subject, ...progress }));
  if (all.length <= room) return all;
  const done = all.filter(({ outcome }) => outcome === 'done');
  const others = all.filter(({ outcome }) => outcome !== 'done');
  return [...others, ...done].slice(0, Math.max(1, room - 1));
}

/**
 * A reporter on these streams. On a terminal each progress subject keeps one line, redrawn in place; elsewhere each
 * change of state is one plain line `subject: state`.
 */
export function createReporter(streams: Streams, options: ReportOptions): Reporter {
  const live = Boolean(streams.stderr.isTTY) && !options.quiet && options.redraw !== false;
  const block = new Map<string, Progress>();
  const shown = new ShownText();
  let drawn = 0;

  const paint = (colour: 'yellow' | 'green' | 'red' | 'bold', text: string): string =>
    options.color ? styleText(colour, text, { validateStream: false }) : text;
  const erase = (): void => {
    if (drawn > 0) streams.stderr.write(`\u001b[${drawn}A\u001b[J`);
    drawn = 0;
  };
  const draw = (): void => {
    if (!live) return;
    // Terminals without a window of their own (`script`, some CI) say that they have 0 columns and rows.
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
  // An answer below a progress block on the same terminal would be erased with the block.
  const answer = (text: string): void => above(streams.stdout, text);

  return {
    options,
    live,
    print: (line) => answer(`${line}\n`),
    write: answer,
    info: (line) => {
      if (!options.quiet) aside(`${shown.of(line)}\n`);
    },
    warn: (line) => aside(`${paint('yellow', 'WARNING:')} ${shown.of(line)}\n`),
    error: (line) => {
      const text = shown.of(line);
      // `Error running job …`: lines that scripts know say it themselves.
      const [mark, said] = text.startsWith('Error ') ? ['Error', text.slice('Error '.length)] : ['Error:', text];
      aside(`${paint('red', mark)} ${said}\n`);
    },
    verbose: (line) => {
      if (options.verbose || options.debug) aside(`${shown.of(line)}\n`);
    },
    debug: (line) => {
      if (options.debug) aside(`${shown.of(line)}\n`);
    },
    progress: (subject, said, outcome = 'working') => {
      if (options.quiet) return;
      const state = shown.of(said);
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

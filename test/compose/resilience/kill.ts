import { launch } from '../../support/running.js';

/** The seed of this run, which `LACONIC_TEST_SEED` sets to repeat one. It is printed, and is part of every failure. */
export const seed = process.env.LACONIC_TEST_SEED ?? String(Date.now() % 1_000_000);

/** A reproducible source of numbers in [0, 1) (mulberry32), one per purpose. */
export function random(purpose: string, from = seed): () => number {
  let state = [...`${from} ${purpose}`].reduce((hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 0x01000193), 7);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * Runs the program and kills it (and only it) with SIGKILL after `milliseconds`.
 * @returns false when it had already ended
 */
async function killAfter(args: readonly string[], milliseconds: number, cwd: string): Promise<boolean> {
  const { child, ended } = launch(args, { cwd });
  const timer = setTimeout(() => child.kill('SIGKILL'), milliseconds);
  const { signal } = await ended;
  clearTimeout(timer);
  child.stdout.destroy();
  child.stderr.destroy();
  return signal === 'SIGKILL';
}

async function stopwatch<T>(work: () => Promise<T>): Promise<[T, number]> {
  const begin = performance.now();
  const result = await work();
  return [result, performance.now() - begin];
}

/** Does an undisturbed run, and uses its duration for the kills that follow. */
export type Timed = <T>(work: () => Promise<T>) => Promise<T>;

/** The median of the last seven, since the load of the machine changes. */
function typical(times: readonly number[]): number {
  const recent = times.slice(-7).sort((a, b) => a - b);
  return recent[Math.floor(recent.length / 2)] ?? 0;
}

/** The counts of a series of kills, for the line printed at its end. */
export interface Tally {
  kills: number;
  [outcome: string]: number;
}

/** A command that is disturbed repeatedly. */
export interface Disturbed {
  /** Its name in messages: `deploy create`. */
  command: string;
  /** Does an undisturbed run. */
  undisturbed: () => Promise<unknown>;
  /** Prepares a run: the arguments, and a check afterwards that resolves to the name of the outcome. */
  round: () => Promise<{ args: readonly string[]; check: (timed: Timed) => Promise<string> }>;
}

/**
 * Kills `total` runs at random moments, spread evenly over the duration of an undisturbed run, and checks the result of
 * each. Runs that ended before their moment do not count and are repeated. A failure names round, moment and seed.
 */
export async function killRounds(
  { command: purpose, undisturbed, round }: Disturbed,
  total: number,
  cwd: string,
): Promise<Tally> {
  const next = random(purpose);
  const times: number[] = [];
  const timed: Timed = async (work) => {
    const [result, milliseconds] = await stopwatch(work);
    times.push(milliseconds);
    return result;
  };
  for (let runs = 0; runs < 3; runs += 1) await timed(undisturbed);
  const tally: Tally = { kills: 0 };
  const begin = performance.now();
  for (let number = 1; tally.kills < total; number += 1) {
    if (number > total * 3) throw new Error(`${purpose}: only ${tally.kills} of ${number} runs lived until their kill`);
    const duration = typical(times);
    const moment = next() * duration;
    try {
      const { args, check } = await round();
      const killed = await killAfter(args, moment, cwd);
      if (killed) tally.kills += 1;
      const outcome = `${killed ? '' : 'not killed, '}${await check(timed)}`;
      tally[outcome] = (tally[outcome] ?? 0) + 1;
    } catch (error) {
      const where = `${purpose}, round ${number}, killed after ${moment.toFixed(1)} of ${duration.toFixed(0)} ms, LACONIC_TEST_SEED=${seed}`;
      throw new Error(`${where}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
  const seconds = ((performance.now() - begin) / 1000).toFixed(0);
  process.stderr.write(`${purpose}: ${JSON.stringify(tally)} in ${seconds} s, LACONIC_TEST_SEED=${seed}\n`);
  return tally;
}

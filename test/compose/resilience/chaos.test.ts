import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { programFinder, walk } from '../../support/suites.js';
import { disturbedCreate, disturbedUpdate } from './disturbed-directory.js';
import { DisturbedDeployment } from './disturbed-containers.js';
import { type Disturbed, random } from './kill.js';
import { Site } from './site.js';
import { countCalls, type Fault, runWithFault } from './system-calls.js';

/**
 * The system calls at which a run is killed, and those that fail as on a full disk. Only calls that create or persist
 * files count for a full disk; `write` is left out because Node also wakes its own threads with it, and another suite
 * has a really full disk.
 */
const calls: Record<Fault['what'], readonly string[]> = {
  SIGKILL: [
    ...['rename', 'link', 'unlink', 'mkdir', 'rmdir', 'fsync', 'fchmod', 'chmod', 'ftruncate', 'copy_file_range'],
    ...['write', 'openat'],
  ],
  ENOSPC: ['rename', 'link', 'mkdir', 'fsync', 'copy_file_range', 'ftruncate'],
};

/**
 * `npm run chaos` tries all of them, up to this many of a kind (LACONIC_CHAOS), spread evenly. Otherwise only a few
 * faults of different kinds are tried, the same ones each time unless LACONIC_TEST_SEED is set.
 */
const seed = process.env.LACONIC_TEST_SEED ?? '1';
const mostOfKind = Number(process.env.LACONIC_CHAOS ?? 1);
const drawn = walk ? Number.POSITIVE_INFINITY : 3;

const patience = walk ? 7_200_000 : 600_000;

const { reason } = programFinder(join(import.meta.dirname, '../../../scripts/strace.sh'), 'LACONIC_TEST_NO_STRACE')();
const suite = reason === undefined ? describe : describe.skip;

suite(`killing the program at a system call, or failing the call${reason === undefined ? '' : ` [skipped: ${reason}]`}`, () => {
  const cases: [string, (site: Site) => Promise<Disturbed>][] = [
    ['create', disturbedCreate],
    ['create --update', disturbedUpdate],
    ['start', async (site) => (await DisturbedDeployment.make(site)).start()],
    ['restart', async (site) => (await DisturbedDeployment.make(site)).restart()],
    ['stop', async (site) => (await DisturbedDeployment.make(site)).stop()],
  ];
  it.each(cases)(
    'leaves a consistent state during %s, which the next command completes',
    async (_, disturbed) => {
      const site = await Site.withStack();
      try {
        await walkThrough(await disturbed(site), site);
      } finally {
        await site.remove();
      }
    },
    patience,
  );
});

async function walkThrough({ command, round }: Disturbed, site: Site): Promise<void> {
  const undisturbed = await round();
  const counts = await countCalls(undisturbed.args, site.ground, calls.SIGKILL);
  await undisturbed.check((work) => work());
  const rows = new Map<string, string[]>();
  for (const fault of faults(counts, command)) {
    const row = `${fault.what.padEnd(8)} ${fault.call.padEnd(16)} of ${counts.get(fault.call) ?? 0}:`;
    rows.set(row, [...(rows.get(row) ?? []), await disturb(round, fault, site, command)]);
  }
  const table = [...rows].map(([row, outcomes]) => {
    const kinds = [...new Set(outcomes)].sort();
    return `  ${row} ${kinds.map((kind) => `${outcomes.filter((each) => each === kind).length} × ${kind}`).join('; ')}`;
  });
  process.stderr.write(`${command}, LACONIC_TEST_SEED=${seed}\n${table.join('\n')}\n`);
}

/**
 * The faults to try: up to {@link mostOfKind} of each kind, spread evenly from a first one that the seed determines.
 */
function faults(counts: ReadonlyMap<string, number>, command: string): Fault[] {
  const kinds = (['SIGKILL', 'ENOSPC'] as const).flatMap((what) =>
    calls[what].filter((call) => (counts.get(call) ?? 0) > 0).map((call) => ({ what, call })),
  );
  const draw = random(`${command}: kinds`, seed);
  const order = kinds.map((kind) => ({ kind, at: walk ? 0 : draw() })).sort((a, b) => a.at - b.at);
  return order.slice(0, drawn).flatMap(({ kind }) => {
    const count = counts.get(kind.call) ?? 0;
    const step = Math.max(1, count / mostOfKind);
    const first = random(`${command}: ${kind.call} ${kind.what}`, seed)() * step;
    return Array.from({ length: Math.min(count, mostOfKind) }, (_, at) => ({
      ...kind,
      number: 1 + Math.floor(first + at * step),
    }));
  });
}

async function disturb(round: Disturbed['round'], fault: Fault, site: Site, command: string): Promise<string> {
  const { args, check } = await round();
  const { hit, code, stderr } = await runWithFault(args, site.ground, fault);
  try {
    if (fault.what === 'ENOSPC') {
      // Work that the command does not depend on, such as cleaning up, may fail silently.
      expect([0, 1]).toContain(code);
      expect(stderr).not.toMatch(/ {4}at |bug in laconic-so/);
      if (code === 1) expect(stderr).toMatch(/^Error: /m);
    }
    const ended = fault.what === 'ENOSPC' ? `exit ${code}, ` : '';
    return `${hit ? '' : 'not hit, '}${ended}${await check((work) => work())}`;
  } catch (error) {
    const where = `${command}: ${fault.what} at ${fault.call} ${fault.number}, exit ${code}, said:\n${stderr}`;
    throw new Error(`${where}\n${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

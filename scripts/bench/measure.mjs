// Times whole processes side by side: the contenders take turns in every round, so that a slow moment of the machine
// hits all of them, and medians are compared.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The middle of a list of numbers. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Runs a command to its end and returns its seconds; a failure ends the benchmark with what the command said. */
export function timed({ program, args, cwd, env }) {
  const start = process.hrtime.bigint();
  const result = spawnSync(program, args, {
    cwd,
    // Node 20 reads every certificate of NODE_EXTRA_CA_CERTS before it does anything: as long as the rest of its start.
    env: { ...process.env, NODE_EXTRA_CA_CERTS: '', ...env },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (result.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${result.error?.message ?? result.stderr}`);
  return seconds;
}

/**
 * Rounds of all contenders in turn. Each is `{ name, run, before?, after? }`; `run` returns seconds.
 * @returns the median seconds by name
 */
export async function compare(rounds, contenders) {
  const times = new Map(contenders.map((contender) => [contender.name, []]));
  for (let round = -1; round < rounds; round += 1) {
    for (const contender of contenders) {
      await contender.before?.();
      const seconds = await contender.run();
      await contender.after?.();
      // The first round only warms caches up.
      if (round >= 0) times.get(contender.name).push(seconds);
    }
  }
  return new Map([...times].map(([name, values]) => [name, median(values)]));
}

/** The greatest resident set of a Node program, in MiB. @param env beside this process's own */
export function peakMemory(args, env) {
  const folder = mkdtempSync(join(tmpdir(), 'laconic-bench-memory-'));
  try {
    const out = join(folder, 'kib');
    const preload = join(folder, 'preload.cjs');
    writeFileSync(
      preload,
      `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(out)}, String(process.resourceUsage().maxRSS)));`,
    );
    timed({ program: process.execPath, args: ['--require', preload, ...args], env });
    return Number(readFileSync(out, 'utf8')) / 1024;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

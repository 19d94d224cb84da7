import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { run, runOrFail } from '../../../src/system/process/process.js';

function reasonForNoMounts(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can mount file systems';
  const place = mkdtempSync(join(tmpdir(), 'lsres-mount-'));
  mkdirSync(place, { recursive: true });
  try {
    const tried = spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', place], { encoding: 'utf8' });
    if (tried.error) return `mount cannot be run: ${tried.error.message}`;
    if (tried.status !== 0) return `file systems cannot be mounted here: ${tried.stderr.trim()}`;
    spawnSync('umount', [place]);
    return undefined;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/**
 * A suite with the engine that also mounts file systems; without the privilege to do so it is skipped, with the reason
 * in its name.
 */
export function describeWithMounts(name: string, suite: () => void): void {
  const reason = reasonForNoMounts();
  if (reason === undefined) describeWithEngine(name, suite);
  else describe.skip(`${name} [skipped: ${reason}]`, suite);
}

/** The mounts of a suite, which are unmounted in reverse order. */
export class Mounts {
  readonly #places: string[] = [];

  async small(place: string, megabytes: number): Promise<void> {
    await mkdir(place, { recursive: true });
    await runOrFail('mount', 'mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=755`, 'tmpfs', place]);
    this.#places.push(place);
  }

  /** Makes the directory read-only. */
  async readOnly(place: string): Promise<void> {
    await runOrFail('mount', 'mount', ['--bind', place, place]);
    this.#places.push(place);
    await runOrFail('mount', 'mount', ['-o', 'remount,bind,ro', place]);
  }

  async undo(place: string): Promise<void> {
    await runOrFail('umount', 'umount', [place]);
    this.#places.splice(this.#places.indexOf(place), 1);
  }

  async undoAll(): Promise<void> {
    for (const place of this.#places.reverse()) await run('umount', ['--lazy', place]);
  }
}

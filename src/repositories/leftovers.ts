import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isProcessAlive } from '../system/leftovers.js';

/** Removes the unfinished clones that killed runs left in the base directory. What cannot be removed is in nobody's way. */
export async function sweepUnfinishedClones(base: string): Promise<void> {
  const names = await readdir(base).catch(() => [] as string[]);
  for (const name of names) {
    const pid = /^\..+\.(\d+)-[0-9a-f]{12}\.tmp$/.exec(name)?.[1];
    if (pid === undefined || isProcessAlive(Number(pid))) continue;
    await rm(join(base, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

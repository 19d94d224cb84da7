import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isLeftover } from '../../system/files/temporary-files.js';

/**
 * Removes partial clones that killed processes left in the base directory. What cannot be removed stays: it does no
 * harm.
 */
export async function removePartialClones(base: string): Promise<void> {
  const names = await readdir(base).catch(() => [] as string[]);
  for (const name of names) {
    const own = /^\..+\.([0-9a-f-]+\.tmp)$/.exec(name)?.[1];
    if (own === undefined || !isLeftover(own)) continue;
    await rm(join(base, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

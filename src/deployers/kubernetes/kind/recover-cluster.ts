import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Context } from '../../../system/context.js';
import { kindOf, makeDirectory } from '../../../system/files/files.js';
import { stateDirectory } from '../../../system/files/state.js';
import { runKind } from './kind-cli.js';

/** A file of this program about the kind clusters of this host. */
export function kindStateFile(file: string, { env }: Context): string {
  return join(stateDirectory(env), 'kind', file);
}

/** The marker exists while a cluster is being created: if it is left over, the cluster is incomplete. */
function markerOf(name: string, context: Context): string {
  return kindStateFile(`${name}.creating`, context);
}

/**
 * Marks the creation of a cluster as begun.
 * @param file the path of its kind-config.yml
 */
export async function markCreation(name: string, file: string, context: Context): Promise<void> {
  const marker = markerOf(name, context);
  await makeDirectory(dirname(marker), 0o700);
  await writeFile(marker, `${file}\n`, { mode: 0o600 });
}

/** The cluster is complete, or removed. */
export async function endCreation(name: string, context: Context): Promise<void> {
  await rm(markerOf(name, context), { force: true });
}

/**
 * Whether the creation of a cluster was killed: nothing was ever deployed to it. Call it while holding the lock.
 */
export async function isHalfCreated(name: string, context: Context): Promise<boolean> {
  return (await kindOf(markerOf(name, context))) !== undefined;
}

/** Removes an incomplete cluster. After an interruption this also runs before the program exits. */
export async function discardCluster(name: string, context: Context): Promise<void> {
  const result = await runKind(['delete', 'cluster', '--name', name], { env: context.env });
  if (result.code === 0) await endCreation(name, context);
  else context.report.warn(`the remains of the kind cluster ${name} cannot be removed: ${result.stderr.trim()}`);
}

import { rename, rm } from 'node:fs/promises';
import { errorMessage, LaconicError } from '../../system/errors.js';
import { kindOf } from '../../system/files/files.js';
import type { DeploymentLayout } from '../directory/layout.js';

/**
 * Removes a directory whose creation failed or was killed before its rename, or between that and the end of the hooks.
 * The caller holds the lock of the creation.
 * @throws LaconicError that names what is left: containers run by a hook may have written files as another user
 */
export async function removeUnfinished(layout: DeploymentLayout): Promise<void> {
  await removeStaging(layout);
  if ((await kindOf(layout.incomplete)) === undefined) return;
  // A kill during the removal does not leave a part of the directory without the mark that it is incomplete.
  await rename(layout.root, layout.staging);
  await removeStaging(layout);
}

async function removeStaging({ root, staging }: DeploymentLayout): Promise<void> {
  try {
    await rm(staging, { recursive: true, force: true });
  } catch (error) {
    throw new LaconicError(
      `the remains of an unfinished creation of ${root} in ${staging} cannot be removed: ${errorMessage(error)}; files that containers wrote as another user can be deleted with sudo`,
      { cause: error },
    );
  }
}

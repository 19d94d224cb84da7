import * as z from 'zod/mini';
import { LaconicError } from '../../system/errors.js';
import { makeDirectory, readTextIfAny, secretMode, writeFileAtomically } from '../../system/files/files.js';
import type { Context } from '../../system/context.js';
import type { DeploymentLayout } from '../directory/layout.js';
import { takeLock } from '../access/lock.js';
import { parseOwnJson } from '../directory/state-file.js';

/** `sha256:…` by the image's name in the registry. */
export type PushedImages = ReadonlyMap<string, string>;

const stored = z.record(z.string(), z.string());

/** How long another push may take to write the file. */
const othersWaitSeconds = 10;

/**
 * Reads the digests of the images of this deployment that `push-images` pushed last, from
 * `.laconic/pushed-images.json`. If the file is lost, a new build with the same name is rolled out only by `restart`.
 * @throws LaconicError if the file is damaged
 */
export async function readPushedImages({ pushedImages: file }: DeploymentLayout): Promise<PushedImages> {
  const text = await readTextIfAny(file);
  if (text === undefined) return new Map();
  const remedy = 'delete it: the next push-images recreates it';
  const { success, data } = stored.safeParse(parseOwnJson(text, file, remedy));
  if (!success) throw new LaconicError(`${file} is damaged`, { hint: remedy });
  return new Map(Object.entries(data));
}

/**
 * Adds digests of pushed images, keeping earlier ones: another command may push at the same time.
 * @throws LaconicError if the file is damaged or cannot be written
 */
export async function recordPushedImages(
  layout: DeploymentLayout,
  pushed: PushedImages,
  context: Context,
): Promise<void> {
  await makeDirectory(layout.state, 0o700);
  const lock = await takeLock(`${layout.pushedImages}.lock`, layout.pushedImages, othersWaitSeconds, context);
  try {
    const all = new Map([...(await readPushedImages(layout)), ...pushed]);
    await writeFileAtomically(
      layout.pushedImages,
      `${JSON.stringify(Object.fromEntries([...all].sort()), undefined, 1)}\n`,
      secretMode,
    );
  } finally {
    await lock.release();
  }
}

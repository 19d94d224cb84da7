import type { Engine } from '../engine/connect.js';
import { type EngineLogin, pushImage, tagImage } from '../engine/image-transfer.js';
import type { Context } from '../system/context.js';
import { errorMessage, InterruptedError, LaconicError } from '../system/errors.js';
import { type Credentials, serverAddress } from './credentials.js';
import { formatImage, hub, parseImage } from './reference.js';
import { explainPush } from './refusals.js';
import { transferProgress } from './transfer-progress.js';

/** An image of this host, and where it goes. */
export interface ImagePush {
  /** `org/name:local` */
  image: string;
  /** `ghcr.io/org/name:tag`: checked to be a reference with a tag. */
  target: string;
}

export interface PushResult extends ImagePush {
  /** `sha256:…` by which the registry has it; absent when it was not pushed. */
  digest?: string;
  /** Why it was not pushed. */
  error?: string;
}

/** Pushes at one time: the engine sends the layers of each side by side. */
const concurrency = 3;

/** A login as the engine takes it. */
export function engineLogin(registry: string, credentials: Credentials | undefined): EngineLogin | undefined {
  if (credentials === undefined) return undefined;
  const { username, password, identityToken } = credentials;
  const serveraddress = serverAddress(registry);
  return { username, password, serveraddress, ...(identityToken !== undefined && { identitytoken: identityToken }) };
}

/** The registry of an image name, as Docker finds it. */
export function registryOf(image: string): string {
  return parseImage(image)?.registry ?? hub;
}

/**
 * Tags images of this host and pushes them, several at a time. Their new names stay on this host, as `docker push`
 * leaves them. A failure is told at once and ends no other push.
 * @param credentials who pushes, by registry
 * @throws InterruptedError
 */
export async function pushImages(
  engine: Engine,
  pushes: readonly ImagePush[],
  credentials: (registry: string) => Promise<Credentials | undefined>,
  context: Context,
): Promise<PushResult[]> {
  const results: PushResult[] = [];
  const queue = [...pushes.entries()];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      if (context.signal.aborted) throw new InterruptedError();
      const [position, push] = next;
      results[position] = await pushOne(engine, push, credentials, context);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  context.report.endProgress();
  return results;
}

async function pushOne(
  engine: Engine,
  push: ImagePush,
  credentials: (registry: string) => Promise<Credentials | undefined>,
  context: Context,
): Promise<PushResult> {
  const { report, signal } = context;
  const { image, target } = push;
  const registry = registryOf(target);
  const { tag = 'latest', ...reference } = parseImage(target) ?? { repository: target };
  const name = formatImage(reference);
  try {
    report.verbose(`Tagging ${image} to ${target}`);
    await tagImage(engine, image, name, tag);
    report.verbose(`Pushing image ${target}`);
    report.progress(target, 'pushing');
    const onProgress = transferProgress(target, report);
    const login = engineLogin(registry, await credentials(registry));
    const digest = await pushImage(engine, name, tag, { login, signal, onProgress });
    report.progress(target, `pushed, ${digest}`, 'done');
    return { ...push, digest };
  } catch (error) {
    if (error instanceof InterruptedError || !(error instanceof LaconicError)) throw error;
    const { why, hint = error.hint } = explainPush(target, error.message);
    report.progress(target, 'not pushed', 'failed');
    report.error(hint === undefined ? `${target}: ${why}` : `${target}: ${why}\n${hint}`);
    if (why !== error.message) report.verbose(errorMessage(error));
    return { ...push, error: why };
  }
}

import type { Engine } from '../engine/connect.js';
import { type EngineLogin, pushImage, tagImage } from '../engine/image-transfer.js';
import type { Context } from '../system/context.js';
import { errorMessage, InterruptedError, isExplained } from '../system/errors.js';
import { type Credentials, serverAddress } from './credentials.js';
import { formatImage, hub, parseImage } from './reference.js';
import { explainPush } from './refusals.js';
import { transferProgress } from './transfer-progress.js';

/** An image on this host, and its name in a registry. */
export interface ImagePush {
  /** `org/name:local` */
  image: string;
  /** `ghcr.io/org/name:tag`; validated to be a reference with a tag. */
  target: string;
}

export interface PushResult extends ImagePush {
  /** `sha256:…` in the registry; absent if it was not pushed. */
  digest?: string;
  /** Why it was not pushed. */
  error?: string;
}

/** Number of concurrent pushes; the engine sends the layers of each in parallel. */
const concurrency = 3;

/** Converts credentials to the login that the engine expects. */
export function engineLogin(registry: string, credentials: Credentials | undefined): EngineLogin | undefined {
  if (credentials === undefined) return undefined;
  const { username, password, identityToken } = credentials;
  const serveraddress = serverAddress(registry);
  return { username, password, serveraddress, ...(identityToken !== undefined && { identitytoken: identityToken }) };
}

/** The registry of an image name, by Docker's rules. */
export function registryOf(image: string): string {
  return parseImage(image)?.registry ?? hub;
}

/**
 * Tags images on this host and pushes them, several at a time. The new tags stay on this host, as with `docker push`. A
 * failure is reported immediately and does not stop the other pushes.
 * @param credentials returns the credentials for a registry
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
    if (!isExplained(error)) throw error;
    const { why, hint = error.hint } = explainPush(target, error.message);
    report.progress(target, 'not pushed', 'failed');
    report.error(hint === undefined ? `${target}: ${why}` : `${target}: ${why}\n${hint}`);
    if (why !== error.message) report.verbose(errorMessage(error));
    return { ...push, error: why };
  }
}

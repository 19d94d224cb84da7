import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../../../engine/connect.js';
import type { Context } from '../../../system/context.js';
import { CommandFailedError, InterruptedError, LaconicError } from '../../../system/errors.js';
import { runPiped } from '../../../system/pipe.js';
import { runOrFail } from '../../../system/process.js';
import { imageIdsOf } from '../images.js';
import { type KindNode, listKindClusters } from './clusters.js';
import {
  fullImageName,
  type HostImages,
  imagesToSend,
  isNoticed,
  type NodeImages,
  parseNodeImages,
  type WantedImage,
} from './node-images.js';

const ctr = ['ctr', '--namespace', 'k8s.io', 'images'] as const;

/** How long the node's Kubernetes may take to notice an image that was sent. */
const noticeMilliseconds = 60_000;

/**
 * The images that the nodes of one kind cluster have: each node is asked once, and again when something was sent to it.
 */
export class NodeContents {
  readonly nodes: readonly KindNode[];
  readonly #context: Context;
  readonly #asked = new Map<string, Promise<NodeImages>>();

  constructor(nodes: readonly KindNode[], context: Context) {
    this.nodes = nodes;
    this.#context = context;
  }

  /** Asks all nodes now, for somebody who reads the answers later; what goes wrong shows there. */
  ask(): void {
    for (const node of this.nodes) this.of(node).catch(() => undefined);
  }

  of(node: KindNode): Promise<NodeImages> {
    const asked = this.#asked.get(node.id) ?? nodeImages(node, this.#context);
    this.#asked.set(node.id, asked);
    return asked;
  }

  forget(node: KindNode): void {
    this.#asked.delete(node.id);
  }
}

/**
 * The images of a deployment on the nodes of its kind cluster: what is on this host and differs is sent in one stream
 * per node, nothing when all is there.
 * @param contents what was asked of the nodes already
 * @returns the id on this host of each wanted image that is here, by name: a roll-out follows it
 */
export async function loadImages(
  cluster: string,
  wanted: readonly WantedImage[],
  engine: Engine,
  context: Context,
  contents?: NodeContents,
): Promise<Map<string, string>> {
  const host = await imageIdsOf(engine, [...new Set(wanted.map((each) => each.image))]);
  const absent = wanted.filter(({ image }) => !host.has(image) && isOnlyBuilt(image)).map(({ image }) => image);
  if (host.size === 0 && absent.length === 0) return host;
  const asked = contents ?? (await contentsOf(cluster, engine, context));
  for (const node of asked.nodes) {
    const there = await asked.of(node);
    const lacking = absent.filter((image) => !there.has(fullImageName(image)));
    if (lacking.length > 0) {
      context.report.warn(
        `neither this host nor the kind node ${node.name} has ${lacking.join(', ')}: build-containers makes such images`,
      );
    }
    const images = imagesToSend(wanted, host, there);
    if (images.length === 0) continue;
    asked.forget(node);
    await sendImages(images, host, node, context);
  }
  return host;
}

/**
 * The images that {@link loadImages} would send, by the name of the node, where there are any. Reads only.
 * @param nodes those of the cluster; none where it is yet to be made: it gets all that this host has
 */
export async function previewImages(
  name: string,
  nodes: readonly KindNode[],
  wanted: readonly WantedImage[],
  engine: Engine,
  context: Context,
): Promise<Map<string, string[]>> {
  const host = await imageIdsOf(engine, [...new Set(wanted.map((each) => each.image))]);
  if (nodes.length === 0) return new Map([[name, imagesToSend(wanted, host, new Map())]]);
  const contents = new NodeContents(nodes, context);
  const each = nodes.map(async (node) => [node.name, imagesToSend(wanted, host, await contents.of(node))] as const);
  return new Map((await Promise.all(each)).filter(([, images]) => images.length > 0));
}

/** An image that no registry has: `X:local` without a registry's name is what build-containers makes. */
function isOnlyBuilt(image: string): boolean {
  return image.endsWith(':local') && fullImageName(image).startsWith('docker.io/');
}

async function contentsOf(cluster: string, engine: Engine, context: Context): Promise<NodeContents> {
  const found = (await listKindClusters(engine)).find(({ name }) => name === cluster);
  if (found === undefined) throw new LaconicError(`there is no kind cluster ${cluster} on this host`);
  return new NodeContents(found.nodes, context);
}

async function nodeImages(node: KindNode, { env, signal }: Context): Promise<NodeImages> {
  const what = `cannot list the images of the kind node ${node.name}`;
  const { stdout } = await runOrFail(what, 'docker', ['exec', node.id, ...ctr, 'ls'], { env, signal });
  return parseNodeImages(stdout);
}

/** `docker save` of the images, straight into the node: nothing is kept here, however large they are. */
async function sendImages(
  images: readonly string[],
  host: HostImages,
  node: KindNode,
  context: Context,
): Promise<void> {
  const { env, signal, report } = context;
  const subject = `images on ${node.name}`;
  report.progress(subject, `sending ${images.join(', ')}`);
  try {
    const save = ['docker', 'save', ...images] as const;
    const load = ['docker', 'exec', '--interactive', node.id, ...ctr, 'import', '-'] as const;
    const { from, to } = await runPiped(save, load, { env, signal });
    // When the second ends early the first fails as well, for no reason of its own.
    if (to.code !== 0)
      throw new CommandFailedError(`cannot send ${images.join(', ')} to the kind node ${node.name}`, to);
    if (from.code !== 0) throw new CommandFailedError(`cannot read ${images.join(', ')}`, from);
    await awaitNoticed(images, host, node, context);
  } catch (error) {
    report.progress(subject, 'not sent', 'failed');
    throw error;
  }
  report.progress(subject, `sent ${images.join(', ')}`, 'done');
}

/**
 * Takes the mark of Kubernetes' plugin off an image. containerd leaves it on a name that is given to another image, and
 * what has it is not named by its id again: the node would differ from this host for ever.
 */
async function offer(image: string, node: KindNode, { env, signal }: Context): Promise<void> {
  const label = ['label', fullImageName(image), 'io.cri-containerd.image='];
  const what = `cannot have the kind node ${node.name} notice ${image}`;
  await runOrFail(what, 'docker', ['exec', node.id, ...ctr, ...label], { env, signal });
}

/** Kubernetes learns of an image a moment after it was sent: a pod that starts earlier would try to pull it. */
async function awaitNoticed(
  images: readonly string[],
  host: HostImages,
  node: KindNode,
  context: Context,
): Promise<void> {
  const deadline = Date.now() + noticeMilliseconds;
  const wanted = images.map((image) => ({ image, built: true }));
  for (let offered = false; ; offered = true) {
    const there = await nodeImages(node, context);
    const differing = imagesToSend(wanted, host, there);
    if (differing.length === 0) return;
    if (differing.every((image) => isNoticed(image, there)) || Date.now() >= deadline) {
      context.report.warn(`the kind node ${node.name} has another ${differing.join(', ')} than this host`);
      return;
    }
    if (!offered) {
      const unnoticed = differing.filter((image) => there.has(fullImageName(image)) && !isNoticed(image, there));
      for (const image of unnoticed) await offer(image, node, context);
    }
    await sleep(100, undefined, { signal: context.signal }).catch(() => {
      throw new InterruptedError();
    });
  }
}

import type { Engine } from '../../../engine/connect.js';
import type { Context } from '../../../system/context.js';
import { CommandFailedError, LaconicError } from '../../../system/errors.js';
import { runPiped } from '../../../system/process/pipe.js';
import { runOrFail } from '../../../system/process/process.js';
import { imageIdsOf } from './pod-images.js';
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
import { pause } from '../../../system/process/pause.js';
import { noKindCluster } from './no-cluster.js';

const ctr = ['ctr', '--namespace', 'k8s.io', 'images'] as const;

/** Time for the node's Kubernetes to notice a new image. */
const noticeMilliseconds = 60_000;

/** The images on the nodes of one kind cluster: each node is asked once, and again after something was sent to it. */
export class NodeContents {
  readonly nodes: readonly KindNode[];
  readonly #context: Context;
  readonly #asked = new Map<string, Promise<NodeImages>>();

  constructor(nodes: readonly KindNode[], context: Context) {
    this.nodes = nodes;
    this.#context = context;
  }

  /** Asks all nodes now, for answers read later, which also report failures. */
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
 * Sends a deployment's images to the nodes of its kind cluster: those on this host that differ, in one stream per node;
 * nothing if all are there.
 * @param contents what was already read of the nodes
 * @returns the id on this host of each wanted image that is here, by name, for rollouts
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
        `neither this host nor the kind node ${node.name} has ${lacking.join(', ')}: build-containers builds such images`,
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
 * Returns the images that {@link loadImages} would send, by the name of the node, if there are any. Reads only.
 * @param nodes those of the cluster; empty if it does not exist yet: it gets all that this host has
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

/** Whether an image is in no registry: `X:local` without a registry's name is built by build-containers. */
function isOnlyBuilt(image: string): boolean {
  return image.endsWith(':local') && fullImageName(image).startsWith('docker.io/');
}

async function contentsOf(cluster: string, engine: Engine, context: Context): Promise<NodeContents> {
  const found = (await listKindClusters(engine)).find(({ name }) => name === cluster);
  if (found === undefined) throw new LaconicError(noKindCluster(cluster));
  return new NodeContents(found.nodes, context);
}

async function nodeImages(node: KindNode, { env, signal }: Context): Promise<NodeImages> {
  const what = `cannot list the images of the kind node ${node.name}`;
  const { stdout } = await runOrFail(what, 'docker', ['exec', node.id, ...ctr, 'ls'], { env, signal });
  return parseNodeImages(stdout);
}

/** Pipes `docker save` of the images into the node: nothing is stored here, however large they are. */
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
    // If the second ends early, the first fails as a consequence.
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
 * Removes the mark of the CRI plugin from an image. containerd keeps it on a name that is given to another image, which
 * then gets no name by its id: the node would always differ from this host.
 */
async function offer(image: string, node: KindNode, { env, signal }: Context): Promise<void> {
  const label = ['label', fullImageName(image), 'io.cri-containerd.image='];
  const what = `cannot register ${image} on the kind node ${node.name}`;
  await runOrFail(what, 'docker', ['exec', node.id, ...ctr, ...label], { env, signal });
}

/** Waits until Kubernetes knows the images, a moment after they were sent: an earlier pod would try to pull them. */
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
    await pause(100, context.signal);
  }
}

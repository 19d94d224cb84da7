/** Images in a kind node: the output of `ctr --namespace k8s.io images ls` as data. */

/**
 * Returns the full name of an image in containerd: `cerc/x:local` → `docker.io/cerc/x:local`, `busybox` →
 * `docker.io/library/busybox:latest`.
 */
export function fullImageName(image: string): string {
  const [first = '', ...rest] = image.split('/');
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const path = hasRegistry ? image : `docker.io/${rest.length === 0 ? `library/${image}` : image}`;
  return /[:@]/.test(path.slice(path.lastIndexOf('/'))) ? path : `${path}:latest`;
}

/** Whether an image is named by its digest: it cannot differ, and it cannot be sent under that name. */
export function isPinned(image: string): boolean {
  return image.includes('@');
}

/** The ids of the images in a node, by full name. An image has two: those of its manifest and of its configuration. */
export type NodeImages = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Parses containerd's list of images. The CRI plugin also names each image by the id of its configuration, which is the
 * id in Docker's classic image store; in the containerd image store, the id is the manifest's.
 */
export function parseNodeImages(listing: string): NodeImages {
  const rows = listing
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([name, , digest]) =>
      name !== undefined && digest?.startsWith('sha256:') === true ? [{ name, digest }] : [],
    );
  const idsOf = new Map<string, Set<string>>();
  for (const { name, digest } of rows) {
    const ids = idsOf.get(digest) ?? new Set([digest]);
    if (name.startsWith('sha256:')) ids.add(name);
    idsOf.set(digest, ids);
  }
  return new Map(
    rows.flatMap(({ name, digest }) => (name.startsWith('sha256:') ? [] : [[name, idsOf.get(digest) ?? new Set()]])),
  );
}

/**
 * Whether Kubernetes on the node knows the current image of this name: it has then also named it by the id of its
 * configuration.
 */
export function isNoticed(image: string, node: NodeImages): boolean {
  return (node.get(fullImageName(image))?.size ?? 0) > 1;
}

/** An image that pods of a deployment run. */
export interface WantedImage {
  readonly image: string;
  /**
   * Built on this host: the node gets the host's if they differ. Any other image is sent only if the node has none of
   * that name.
   */
  readonly built: boolean;
}

/** The ids of images on this host, by name as written in the deployment. */
export type HostImages = ReadonlyMap<string, string>;

/** Returns the images to send to a node: those on this host that it lacks, and those built here that differ. */
export function imagesToSend(wanted: readonly WantedImage[], host: HostImages, node: NodeImages): string[] {
  const send = wanted.filter(({ image, built }) => {
    const id = host.get(image);
    if (id === undefined || isPinned(image)) return false;
    const there = node.get(fullImageName(image));
    return there === undefined || (built && !there.has(id));
  });
  return [...new Set(send.map(({ image }) => image))];
}

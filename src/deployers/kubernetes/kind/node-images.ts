/** Images in a node of kind: what `ctr --namespace k8s.io images ls` says, as data. */

/**
 * The full name that containerd keeps an image under: `cerc/x:local` → `docker.io/cerc/x:local`, `busybox` →
 * `docker.io/library/busybox:latest`.
 */
export function fullImageName(image: string): string {
  const [first = '', ...rest] = image.split('/');
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const path = hasRegistry ? image : `docker.io/${rest.length === 0 ? `library/${image}` : image}`;
  return /[:@]/.test(path.slice(path.lastIndexOf('/'))) ? path : `${path}:latest`;
}

/** True for an image that is named by its content: it cannot differ, and it cannot be sent under that name. */
export function isPinned(image: string): boolean {
  return image.includes('@');
}

/** The ids of the images in a node, by full name. An image has two: its manifest's and its configuration's. */
export type NodeImages = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Reads the list of containerd's images. Kubernetes' own plugin names each image by the id of its configuration as
 * well, which is what the classic image store of Docker calls its id; with containerd's store there the id is the
 * manifest's.
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
 * Whether Kubernetes on the node knows what is under this name now: then it has named it by the id of its
 * configuration, too.
 */
export function isNoticed(image: string, node: NodeImages): boolean {
  return (node.get(fullImageName(image))?.size ?? 0) > 1;
}

/** An image that pods of a deployment run. */
export interface WantedImage {
  readonly image: string;
  /**
   * Built on this host: the node gets the host's whenever they differ. Any other is sent only where the node has none
   * of that name.
   */
  readonly built: boolean;
}

/** Images on this host, by name as the deployment writes it: their ids. */
export type HostImages = ReadonlyMap<string, string>;

/** The images to send to a node: those on this host that it lacks, and those built here that differ. */
export function imagesToSend(wanted: readonly WantedImage[], host: HostImages, node: NodeImages): string[] {
  const send = wanted.filter(({ image, built }) => {
    const id = host.get(image);
    if (id === undefined || isPinned(image)) return false;
    const there = node.get(fullImageName(image));
    return there === undefined || (built && !there.has(id));
  });
  return [...new Set(send.map(({ image }) => image))];
}

/** The parts of an image reference, split by Docker's rules. */
export interface ImageReference {
  /** `ghcr.io`, `localhost:5000`; absent: Docker Hub. */
  registry?: string;
  /** `org/name`; of any depth. */
  repository: string;
  tag?: string;
  /** `sha256:…` */
  digest?: string;
}

const component = /^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*$/;
const registryName =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)*|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$/;
const tagName = /^\w[\w.-]{0,127}$/;
const digestText = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;

/**
 * Parses `[registry/]repository[:tag][@digest]` as strictly as containerd, which allows no capitals; undefined if the
 * text is not a reference.
 */
export function parseImage(text: string): ImageReference | undefined {
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : text.slice(at + 1);
  const name = at < 0 ? text : text.slice(0, at);
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const registry = /[.:[]/.test(first) || first === 'localhost' ? first : undefined;
  const rest = registry === undefined ? name : name.slice(slash + 1);
  const colon = rest.indexOf(':');
  const tag = colon < 0 ? undefined : rest.slice(colon + 1);
  const repository = colon < 0 ? rest : rest.slice(0, colon);
  if (registry !== undefined && !registryName.test(registry)) return undefined;
  if (!repository.split('/').every((part) => component.test(part))) return undefined;
  if ((tag !== undefined && !tagName.test(tag)) || (digest !== undefined && !digestText.test(digest))) return undefined;
  return { registry, repository, tag, digest };
}

/** Formats a reference. */
export function formatImage({ registry, repository, tag, digest }: ImageReference): string {
  const name = registry === undefined ? repository : `${registry}/${repository}`;
  return `${name}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** The registry of image names without one. */
export const hub = 'docker.io';

/** The tag of this deployment's own images in the registry, for pushing and pulling. */
export function deploymentTag(app: string): string {
  return `deploy-${app.slice(-8)}`;
}

/** Whether an image was built on a host and is not in a registry by this name: `X:local`. */
export function isLocalImage(image: string): boolean {
  const reference = parseImage(image);
  return reference?.tag === 'local' && reference.digest === undefined;
}

/**
 * The image name to use on the cluster: with a registry, `X:local` becomes the name it was pushed to for this
 * deployment.
 * @param registry the spec's `image-registry`
 */
export function registryImage(image: string, registry: string | undefined, app: string): string {
  const name = parseImage(image)?.repository.split('/').pop();
  if (registry === undefined || name === undefined || !isLocalImage(image)) return image;
  return `${registry.replace(/\/+$/, '')}/${name}:${deploymentTag(app)}`;
}

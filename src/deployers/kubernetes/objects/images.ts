import type { ServiceModel } from '../../../compose/model/types.js';
import { quote } from '../../../system/yaml.js';
import type { Findings, ObjectsInput, PodInput } from './input.js';
import type { Names } from './names.js';

/** A container image's reference, taken apart as Docker does. */
export interface ImageReference {
  /** `ghcr.io`, `localhost:5000`; absent: Docker's own. */
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

/** Reads `[registry/]repository[:tag][@digest]` as nodes do (K-07: containerd takes no capitals); undefined when it is no reference. */
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
  return {
    ...(registry === undefined ? {} : { registry }),
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** The tag of this deployment's own images in the registry: the same for those that are pushed and those that are pulled (K-06). */
export function deploymentTag(app: string): string {
  return `deploy-${app.slice(-8)}`;
}

/**
 * An image as the cluster asks for it (04 §4.4.4, §10.4): with a registry, `X:local` is what was pushed for this deployment.
 * @param registry the spec's `image-registry`
 */
export function registryImage(image: string, registry: string | undefined, app: string): string {
  const reference = parseImage(image);
  if (registry === undefined || reference?.tag !== 'local' || reference.digest !== undefined) return image;
  const name = reference.repository.split('/').pop() ?? '';
  return `${registry.replace(/\/+$/, '')}/${name}:${deploymentTag(app)}`;
}

/**
 * The image of a service's container: the override for it, else the compose file's, from the spec's registry. Init containers and
 * jobs as well.
 * @returns undefined, with an error in the findings, when there is none or it cannot be one
 */
export function containerImage(
  input: Pick<ObjectsInput, 'app' | 'images' | 'spec'>,
  pod: PodInput,
  service: ServiceModel,
  findings: Findings,
): string | undefined {
  const override = input.images.get(service.name);
  const image = override ?? service.image;
  const refuse = (message: string): undefined => {
    findings.errors.push(pod.model.problem(['services', service.name, 'image'], message));
  };
  if (image === undefined || image === '') {
    return refuse(
      'is missing: Kubernetes runs images, it cannot build them; name the image that build-containers makes',
    );
  }
  if (parseImage(image) === undefined) {
    const where = override === undefined ? '' : ' (an image override)';
    return refuse(`${quote(image)}${where} is no image: write [registry/]name[:tag][@digest]`);
  }
  return override ?? registryImage(image, input.spec.imageRegistry, input.app);
}

/** When images are pulled: as the spec says, else the compose file, else the target's default (04 §2.2, K-65). */
export function pullPolicy(
  { spec, target }: Pick<ObjectsInput, 'spec' | 'target'>,
  service: ServiceModel,
): 'Always' | 'IfNotPresent' | 'Never' {
  if (spec.imagePullPolicy !== undefined) return spec.imagePullPolicy;
  if (service.pull_policy === 'always') return 'Always';
  if (service.pull_policy === 'never') return 'Never';
  if (service.pull_policy !== undefined) return 'IfNotPresent';
  return target === 'k8s' ? 'Always' : 'IfNotPresent';
}

/** `imagePullSecrets` of every pod: absent where the registry secret is not made (K-64). */
export function imagePullSecrets(
  input: Pick<ObjectsInput, 'registryToken'>,
  names: Names,
): { name: string }[] | undefined {
  return input.registryToken === undefined ? undefined : [{ name: names.registrySecret }];
}

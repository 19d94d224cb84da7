import type { Deployment } from '../../deployment/access/open.js';
import { connectEngine } from '../../engine/connect.js';
import { findImage } from '../../engine/images.js';
import { buildHint } from '../../images/build-hint.js';
import { type Credentials, dockerLogin } from '../../images/credentials.js';
import { type ImagePush, pushImages } from '../../images/push.js';
import { isLocalImage, parseImage, registryImage } from '../../images/reference.js';
import type { Context } from '../../system/context.js';
import { InvalidFileError, LaconicError } from '../../system/errors.js';
import type { PushOutcome } from '../deployer.js';
import { pullSecretCredentials } from '../secrets/pull-secret.js';

/** An image that a service of a pod or a job uses. */
export interface UsedImage {
  service: string;
  image: string;
}

/**
 * `push-images`: pushes the `:local` images of a deployment to the registry of its spec, under the names that pods use.
 * The credentials are those of `docker login`, else of `image-pull-secret`.
 * @param used the images of all services, including those of jobs
 * @throws LaconicError before anything is tagged, for a spec without a registry, colliding names, and images that were
 * not built
 */
export async function pushDeploymentImages(
  deployment: Deployment,
  used: readonly UsedImage[],
  context: Context,
): Promise<PushOutcome> {
  const { report } = context;
  const pushes = plannedPushes(deployment, used);
  const others = [...new Set(used.map(({ image }) => image).filter((image) => !isLocalImage(image)))];
  for (const image of others) report.verbose(`${image}: not built here, so not pushed`);
  if (pushes.length === 0) report.warn('no service has an image that was built here (name:local): nothing is pushed');
  if (context.options.dryRun) {
    for (const { image, target } of pushes) report.print(`would push ${image} as ${target}`);
    return { complete: true, images: [] };
  }
  const images = pushes.length === 0 ? [] : await pushAll(deployment, pushes, context);
  const failed = images.filter(({ error }) => error !== undefined);
  if (failed.length > 0) report.info(`${failed.length} of ${images.length} images were not pushed`);
  return { complete: failed.length === 0, images };
}

/**
 * Plans which image is pushed under which name.
 * @throws InvalidFileError, LaconicError
 */
export function plannedPushes(
  { spec, record }: Pick<Deployment, 'spec' | 'record'>,
  used: readonly UsedImage[],
): ImagePush[] {
  const { imageRegistry, yaml } = spec;
  if (imageRegistry === undefined) {
    throw new LaconicError(`${yaml.file}: image-registry is missing: it names the registry to push images to`, {
      hint: 'add to the spec, for example: image-registry: registry.example.org/my-org; then deploy create --update',
    });
  }
  const images = [...new Set(used.map(({ image }) => image).filter(isLocalImage))].sort();
  const pushes = images.map((image) => ({
    image,
    target: registryImage(image, imageRegistry, record.deploymentId),
  }));
  const impossible = pushes.find(({ target }) => parseImage(target) === undefined);
  if (impossible !== undefined) {
    const message = `"${imageRegistry}" cannot begin the name of an image (${impossible.target}): write host/path`;
    throw new InvalidFileError([yaml.problem(['image-registry'], message)]);
  }
  for (const { image, target } of pushes) {
    const other = pushes.find((each) => each.target === target && each.image !== image);
    if (other === undefined) continue;
    throw new LaconicError(`${image} and ${other.image} would both be ${target}`, {
      hint: 'only the last part of their names counts in the registry: rename one of them',
    });
  }
  return pushes;
}

async function pushAll(deployment: Deployment, pushes: readonly ImagePush[], context: Context) {
  const engine = await connectEngine(context);
  const missing: string[] = [];
  for (const { image } of pushes) if ((await findImage(engine, image)) === undefined) missing.push(image);
  if (missing.length > 0) {
    throw new LaconicError(missing.map((image) => `the image ${image} is not on this host`).join('\n'), {
      hint: buildHint(deployment.record.stackSource ?? deployment.spec.stack),
    });
  }
  const credentials = async (registry: string): Promise<Credentials | undefined> =>
    (await dockerLogin(registry, context.env)) ?? (await pullSecretCredentials(deployment.spec, registry, context));
  return pushImages(engine, pushes, credentials, context);
}

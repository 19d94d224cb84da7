import { filesOnDisk } from '../../../deployment/directory/files.js';
import type { Deployment } from '../../../deployment/access/open.js';
import type { Context } from '../../../system/context.js';
import type { UsedImage } from '../../images/push-images.js';
import { gatherCompose } from './gather.js';
import { activeImages } from '../../../deployment/images/image-overrides.js';

/**
 * Returns the images of pods and jobs of a deployment according to its compose files, without those of services whose
 * image is overridden, by the spec or the last `restart --image`.
 * @throws InvalidFileError with all problems of the compose files
 */
export async function deploymentImages(deployment: Deployment, { env }: Context): Promise<UsedImage[]> {
  const { layout, spec } = deployment;
  const source = { root: layout.root, ...deployment };
  const { podFiles, jobs } = await gatherCompose(source, filesOnDisk(layout.root), { env });
  const overrides = await activeImages(layout.images);
  return [...podFiles, ...jobs]
    .flatMap(({ model }) => [...model.services.values()])
    .filter(({ name }) => !overrides.has(name) && !spec.imageOverrides.has(name))
    .map(({ name, image = '' }) => ({ service: name, image }));
}

import type { ServiceModel } from '../../../../compose/model/types.js';
import { parseImage, registryImage } from '../../../../images/reference.js';
import { quote } from '../../../../system/yaml/yaml.js';
import type { Findings, ObjectsInput, PodFileInput } from '../common/input.js';
import type { Names } from '../common/names.js';

/**
 * Returns the image of a service's container, also for init containers and jobs: its override, else the compose file's,
 * from the spec's registry.
 * @returns undefined, with an error in the findings, if there is none or it is invalid
 */
export function containerImage(
  input: Pick<ObjectsInput, 'deploymentId' | 'imageOverrides' | 'spec'>,
  podFile: PodFileInput,
  service: ServiceModel,
  findings: Findings,
): string | undefined {
  const override = input.imageOverrides.get(service.name);
  const image = override ?? service.image;
  const refuse = (message: string): undefined => {
    findings.errors.push(podFile.model.problem(['services', service.name, 'image'], message));
  };
  if (image === undefined || image === '') {
    return refuse(
      'is missing: Kubernetes runs images, it cannot build them; name the image that build-containers makes',
    );
  }
  if (parseImage(image) === undefined) {
    const where = override === undefined ? '' : ' (an image override)';
    return refuse(`${quote(image)}${where} is not an image: write [registry/]name[:tag][@digest]`);
  }
  return override ?? registryImage(image, input.spec.imageRegistry, input.deploymentId);
}

/** Returns when images are pulled: as set by the spec, else by the compose file, else the target's default. */
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

/** `imagePullSecrets` of every pod; absent if the registry secret is not created. */
export function imagePullSecrets(
  input: Pick<ObjectsInput, 'registryToken'>,
  names: Names,
): { name: string }[] | undefined {
  return input.registryToken === undefined ? undefined : [{ name: names.registrySecret }];
}

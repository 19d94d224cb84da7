import type { V1EnvVar, V1VolumeMount } from '@kubernetes/client-node';
import type { ServiceModel } from '../../../../compose/model/types.js';
import { caBundle, caPlace, caVariable } from '../../../../deployment/create/ca-certificates.js';
import type { PodScope } from '../common/scope.js';
import type { PodVolumes } from './pod-volumes.js';

/** Mounts the certificates of the spec's authorities, except where the service mounts something itself. */
export function caMounts(
  { input, names }: PodScope,
  mounts: readonly V1VolumeMount[],
  volumes: PodVolumes,
): V1VolumeMount[] {
  if (input.caCertificates.size === 0) return [];
  const name = volumes.name('ca-certificates', 'laconic-ca-certs', { secret: { secretName: names.caCertificates } });
  return [...input.caCertificates.keys()]
    .map((file) => ({ name, mountPath: `${caPlace}/${file}`, subPath: file, readOnly: true }))
    .filter(({ mountPath }) => !mounts.some((other) => other.mountPath === mountPath));
}

/** Names the file with all certificates to Node.js, unless the service names another one. */
export function caEnv({ input }: PodScope, { environment }: ServiceModel): V1EnvVar[] {
  if (input.caCertificates.size === 0 || environment.has(caVariable)) return [];
  return [{ name: caVariable, value: `${caPlace}/${caBundle}` }];
}

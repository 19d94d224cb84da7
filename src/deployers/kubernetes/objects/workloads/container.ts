import type { V1Container, V1ContainerPort } from '@kubernetes/client-node';
import type { ServiceModel } from '../../../../compose/model/types.js';
import { containerCommand } from './command.js';
import { containerEnv, containerEnvFrom } from '../configuration/environment.js';
import { containerImage, pullPolicy } from './images.js';
import { caEnv, caMounts } from '../storage/ca-mounts.js';
import { containerMounts } from '../storage/mounts.js';
import type { PlacedService } from './container-roles.js';
import type { PodVolumes } from '../storage/pod-volumes.js';
import { containerProbes } from './probes.js';
import { containerResources } from './resources.js';
import { compact, type PodScope } from '../common/scope.js';
import { containerSecurity } from './security.js';

/** Builds the container of a compose service. A sidecar is an init container with restart policy `Always`. */
export function containerOf(scope: PodScope, placed: PlacedService, volumes: PodVolumes): V1Container {
  const { service, role } = placed;
  const { command, args, env } = containerCommand(scope, service, containerEnv(scope, service));
  const mounts = containerMounts(scope, service, volumes);
  return compact<V1Container>({
    name: scope.names.container(service.name),
    image: containerImage(scope.input, scope.podFile, service, scope.findings) ?? '',
    imagePullPolicy: pullPolicy(scope.input, service),
    ...(role === 'sidecar' ? { restartPolicy: 'Always' } : {}),
    command,
    args,
    workingDir: service.working_dir === '' ? undefined : service.working_dir,
    env: [...env, ...caEnv(scope, service)],
    envFrom: containerEnvFrom(scope),
    // An init container has ended before its ports matter, and the API server warns if a later container has the same
    // ones.
    ports: role === 'init' ? undefined : containerPorts(service),
    ...containerProbes(scope, placed),
    resources: containerResources(scope, service),
    securityContext: containerSecurity(scope, service),
    stdin: service.stdin_open || undefined,
    tty: service.tty || undefined,
    volumeMounts: [...mounts, ...caMounts(scope, mounts, volumes)],
  });
}

/** The container's ports, without duplicates. */
function containerPorts(service: ServiceModel): V1ContainerPort[] {
  const ports = new Map(
    service.ports.map(({ target, protocol }) => [
      `${target}/${protocol}`,
      { containerPort: target, protocol: protocol.toUpperCase() },
    ]),
  );
  return [...ports.values()];
}

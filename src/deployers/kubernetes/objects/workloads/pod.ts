import type { V1Container, V1PodSpec } from '@kubernetes/client-node';
import { containerOf } from './container.js';
import { hostAliases } from '../network/host-aliases.js';
import { imagePullSecrets } from './images.js';
import { reportEnding, terminationGrace } from './lifecycle.js';
import { memlockRuntime } from './memlock.js';
import { type PlacedService, placeServices } from './container-roles.js';
import { sharedPorts } from '../network/shared-ports.js';
import { podNamespaces } from '../network/pod-network.js';
import { PodVolumes } from '../storage/pod-volumes.js';
import { podScheduling } from './scheduling.js';
import { compact, type PodScope, refuse } from '../common/scope.js';
import { podSysctls, supplementalGroups } from './security.js';

/** Builds the spec of the pods of a pod file or of a job. */
export function podSpec(scope: PodScope): V1PodSpec {
  const placed = placeServices(scope);
  const volumes = new PodVolumes(scope.names);
  const containers: V1Container[] = [];
  const initContainers: V1Container[] = [];
  for (const each of placed) {
    (each.role === 'main' ? containers : initContainers).push(containerOf(scope, each, volumes));
  }
  reportEnding(scope, placed);
  reportSharedPorts(scope, placed);
  const { spec } = scope.input;
  const sysctls = podSysctls(scope);
  const groups = supplementalGroups(scope);
  return compact<V1PodSpec>({
    ...(scope.job ? { restartPolicy: 'Never' } : {}),
    // Otherwise the variables of every Service in the namespace could override the services' own.
    enableServiceLinks: false,
    initContainers,
    containers,
    volumes: volumes.list(),
    imagePullSecrets: imagePullSecrets(scope.input, scope.names),
    ...podNamespaces(scope),
    hostAliases: hostAliases(scope),
    ...(sysctls.length + groups.length === 0
      ? {}
      : { securityContext: compact({ sysctls, supplementalGroups: groups }) }),
    terminationGracePeriodSeconds: terminationGrace(scope),
    runtimeClassName:
      spec.security.runtimeClass ?? (spec.security.unlimitedMemlock && !scope.job ? memlockRuntime : undefined),
    ...podScheduling(scope),
  });
}

/** Reports ports used by more than one container of a pod. */
function reportSharedPorts(scope: PodScope, placed: readonly PlacedService[]): void {
  const running = placed.filter(({ role }) => role !== 'init').map(({ service }) => service);
  for (const { service, index, port, owner } of sharedPorts(running)) {
    const message = `${owner} listens on ${port} too, and the services of one pod share their ports: write pods: per-service in the spec, or put one of them into a separate compose file`;
    refuse(scope, service, ['ports', index], message);
  }
}

import type { V1DeploymentStrategy } from '@kubernetes/client-node';
import { isHostNetwork } from '../network/pod-network.js';
import { type PodScope, refuse } from '../common/scope.js';

/**
 * Returns the number of pods of a Deployment: the spec's `replicas`, else the highest `deploy.replicas` of its
 * services, else one. Services with different numbers are refused. A service with 0 is left out of its pod; if all have
 * 0, the Deployment has no pods.
 */
export function replicasOf(scope: PodScope): number {
  const { replicas } = scope.input.spec;
  const asked = scope.services.map((service) => service.deploy?.replicas ?? 1);
  const most = Math.max(...asked);
  const count = replicas ?? most;
  if (replicas === undefined && asked.some((number) => number !== most)) {
    const service = scope.services.find((each) => each.deploy?.replicas === most);
    if (service !== undefined) {
      const others = scope.services.filter((each) => each !== service).map(({ name }) => name);
      refuse(
        scope,
        service,
        service.keys.has('scale') ? ['scale'] : ['deploy', 'replicas'],
        `${others.join(', ')} would run ${most} times with it, as they are one pod: put this service into a separate compose file, or write replicas in the spec`,
      );
    }
  }
  if (count > 1) refuseSharedVolumes(scope, count);
  return count;
}

/** A claim is mounted by one node at a time, and two instances of most databases on one volume destroy it. */
function refuseSharedVolumes(scope: PodScope, count: number): void {
  for (const service of scope.services) {
    service.volumes.forEach(({ type, source }, index) => {
      if (type !== 'volume' || source === undefined || scope.input.spec.configmaps.has(source)) return;
      const message = `the volume ${source} is for one pod (ReadWriteOnce), and ${count} replicas would share it: use one replica, or put the services without a volume into a separate compose file`;
      refuse(scope, service, ['volumes', index], message);
    });
  }
}

/**
 * Returns how pods are replaced: the old one first if there are volumes or host ports, which only one pod can have. The
 * numbers of a rolling update are always explicit.
 */
export function strategyOf(scope: PodScope): V1DeploymentStrategy {
  const volumes = [...scope.podFile.model.volumes.keys()].some((volume) => !scope.input.spec.configmaps.has(volume));
  if (volumes || isHostNetwork(scope)) return { type: 'Recreate' };
  return { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } };
}

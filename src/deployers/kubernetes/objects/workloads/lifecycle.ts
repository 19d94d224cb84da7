import type { PlacedService } from './container-roles.js';
import { type PodScope, warn } from '../common/scope.js';

/** Compose's grace period before it kills a container, in milliseconds. */
const composeGrace = 10_000;

/**
 * Returns a pod's grace period in seconds: the longest `stop_grace_period` of its services; undefined, for Kubernetes'
 * default, if none has one.
 */
export function terminationGrace({ services }: PodScope): number | undefined {
  if (services.every(({ stop_grace_period: period }) => period === undefined)) return undefined;
  const longest = Math.max(...services.map(({ stop_grace_period: period }) => period ?? composeGrace));
  // 0 would delete the pod before its containers have ended.
  return Math.max(1, Math.ceil(longest / 1000));
}

/** Reports what Compose does when a service ends, and Kubernetes does not. */
export function reportEnding(scope: PodScope, placed: readonly PlacedService[]): void {
  for (const { service, role } of placed) {
    const signal = service.stop_signal?.toUpperCase().replace(/^SIG/, '');
    if (signal !== undefined && signal !== 'TERM' && signal !== '15') {
      const message = `Kubernetes stops containers with the signal of their image (STOPSIGNAL in its Dockerfile), else SIGTERM: set ${service.stop_signal ?? ''} there`;
      warn(scope, service, ['stop_signal'], message);
    }
    const { restart } = service;
    if (!scope.job && role === 'main' && (restart === 'no' || restart?.startsWith('on-failure') === true)) {
      const message = `${restart}: Kubernetes restarts a container of a Deployment whenever it ends. If it runs to completion, make it a job, label it laconic.init-container, or let the services that wait for it depend on it with service_completed_successfully`;
      warn(scope, service, ['restart'], message);
    }
    if (service.init)
      warn(scope, service, ['init'], 'Kubernetes starts no init process: the program itself must reap its children');
  }
}

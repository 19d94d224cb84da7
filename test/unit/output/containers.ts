import type { ContainerStatus } from '../../../src/deployers/status.js';

/** A running container without ports, but for what is given. */
export function container(part: Partial<ContainerStatus>): ContainerStatus {
  const service = part.service ?? 'web';
  return {
    id: `id-${service}`,
    name: `p-${service}-1`,
    service,
    image: 'i:local',
    state: 'running',
    restarts: 0,
    ports: [],
    ...part,
  };
}

import { expect, it } from 'vitest';
import type { PodFacts } from '../../../../../src/deployers/kubernetes/ready/api-types.js';
import { containerStatuses, podStatuses } from '../../../../../src/deployers/kubernetes/operate/ps.js';
import { describeStatus } from '../../../../../src/deployers/kubernetes/operate/status.js';
import { psText } from '../../../../../src/output/ps.js';
import { container, pod, worldOf } from '../ready/objects.js';

const running = { ready: true, started: true, state: { running: {} } };

/** A pod in which a server that others wait for is a sidecar, and `prepare` ends before them. */
const one: PodFacts = pod({
  spec: {
    initContainers: [
      { name: 'prepare', ports: [{ containerPort: 1 }] },
      { name: 'web', restartPolicy: 'Always', ports: [{ containerPort: 8080 }] },
    ],
    containers: [{ name: 'worker' }],
  },
  status: {
    phase: 'Running',
    podIP: '10.0.0.1',
    initContainerStatuses: [
      container({ name: 'prepare', state: { terminated: { exitCode: 0 } } }),
      container({ ...running, name: 'web' }),
    ],
    containerStatuses: [container({ ...running, name: 'worker' })],
  },
});

it('ps shows the ports of a sidecar, and none of containers that have ended', () => {
  const snapshot = { namespace: 'ns', pods: [one], services: [] };
  const kubernetes = { namespace: 'ns', pods: podStatuses(snapshot) };
  expect(psText({ containers: containerStatuses(snapshot), kubernetes })).toBe(
    'Running containers:\nid: ns/web-r-1, name: web-r-1, ports: 10.0.0.1:8080->8080\n',
  );
});

it('ps tells the containers of one pod apart', () => {
  const containers = containerStatuses({ namespace: 'ns', pods: [one], services: [] });
  expect(containers.map(({ id }) => id)).toEqual(['ns/web-r-1/prepare', 'ns/web-r-1/web', 'ns/web-r-1/worker']);
});

it('status counts sidecars among the containers of a pod, as kubectl does', () => {
  const nothing = { deployments: [], jobs: [], claims: [], services: [], ingresses: [] };
  const status = describeStatus({ namespace: 'ns', world: worldOf({}), pods: [one], ...nothing }, [], [], 0);
  expect(status.kubernetes?.pods).toMatchObject([{ name: 'web-r-1', ready: '2/2' }]);
});

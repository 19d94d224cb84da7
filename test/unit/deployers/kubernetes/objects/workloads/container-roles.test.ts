import { describe, expect, it } from 'vitest';
import { startOrder } from '../../../../../../src/deployers/kubernetes/objects/workloads/start-order.js';
import {
  app,
  objectsInput,
  podOf,
  type StackText,
  workloads,
} from '../../../../../support/kubernetes/kubernetes-objects.js';

const healthy = 'healthcheck: { test: [CMD, ok], interval: 2s }';

describe('order inside a pod', () => {
  it('turns a service that must be healthy first into a sidecar with a startup probe that never restarts it', () => {
    const { containers, initContainers } = podOf({
      pods: {
        shop: `
services:
  web: { image: x, depends_on: { db: { condition: service_healthy } } }
  db: { image: pg, ${healthy} }
`,
      },
    });
    expect(containers.map(({ name }) => name)).toEqual(['web']);
    expect(initContainers).toEqual([
      expect.objectContaining({
        name: 'db',
        restartPolicy: 'Always',
        startupProbe: { exec: { command: ['ok'] }, periodSeconds: 2, timeoutSeconds: 30, failureThreshold: 2147483647 },
        readinessProbe: { exec: { command: ['ok'] }, periodSeconds: 2, timeoutSeconds: 30, failureThreshold: 3 },
      }),
    ]);
  });

  it('turns a service that must complete first into an init container without probes, and starts its dependencies before it', () => {
    const { containers, initContainers = [] } = podOf({
      pods: {
        shop: `
services:
  web: { image: x, depends_on: { migrate: { condition: service_completed_successfully } } }
  migrate: { image: m, ${healthy}, depends_on: { db: { condition: service_healthy }, cache: { condition: service_started } } }
  cache: { image: c }
  db: { image: pg, ${healthy} }
`,
      },
    });
    expect(containers.map(({ name }) => name)).toEqual(['web']);
    expect(
      initContainers.map(({ name, restartPolicy, startupProbe, readinessProbe }) => [
        name,
        restartPolicy,
        !!startupProbe,
        !!readinessProbe,
      ]),
    ).toEqual([
      ['db', 'Always', true, true],
      ['cache', 'Always', false, false],
      ['migrate', undefined, false, false],
    ]);
  });

  it('leaves out the ports of an init container, since later containers may listen on the same ones', () => {
    const { containers, initContainers = [] } = podOf({
      pods: {
        shop: `
services:
  web: { image: x, ports: [ 80 ], depends_on: { migrate: { condition: service_completed_successfully } } }
  migrate: { image: m, ports: [ 80 ] }
`,
      },
    });
    expect(containers[0]?.ports).toEqual([{ containerPort: 80, protocol: 'TCP' }]);
    expect(initContainers[0]?.ports).toBeUndefined();
  });

  it('puts labelled init containers first, in file order, unless they depend on a sidecar', () => {
    const { containers, initContainers = [] } = podOf({
      pods: {
        shop: `
services:
  web: { image: x, depends_on: { db: { condition: service_healthy } } }
  db: { image: pg, ${healthy} }
  first: { image: i, labels: [ "laconic.init-container=YES" ] }
  last: { image: i, labels: { laconic.init-container: 1 }, depends_on: [ db ] }
  other: { image: o, labels: { laconic.init-container: no } }
`,
      },
    });
    expect(initContainers.map(({ name }) => name)).toEqual(['first', 'db', 'last']);
    expect(containers.map(({ name }) => name)).toEqual(['web', 'other']);
  });

  it('keeps a service that only has to be started as an ordinary container before the other', () => {
    const { containers, initContainers } = podOf({
      pods: { shop: 'services:\n  web: { image: x, depends_on: [ db ] }\n  db: { image: pg }\n' },
    });
    expect(containers.map(({ name }) => name)).toEqual(['db', 'web']);
    expect(initContainers).toBeUndefined();
  });

  it('starts a service that must be healthy first but has no healthcheck in the file, with a warning', () => {
    const made = workloads({
      pods: {
        shop: 'services:\n  web:\n    image: x\n    depends_on: { db: { condition: service_healthy } }\n  db: { image: pg }\n',
      },
    });
    expect(made.warnings).toEqual([
      'docker-compose-shop.yml:4 services.web.depends_on.db: db has no healthcheck in the compose file, and Kubernetes does not use the one of its image: it is only started first; give it a healthcheck',
    ]);
    expect(made.deployments[0]?.spec.template.spec.containers.map(({ name }) => name)).toEqual(['db', 'web']);
  });

  it('turns a service that another pod or a job waits for into an init container of its own pod', () => {
    const waiting =
      'services: { late: { image: x, depends_on: { migrate: { condition: service_completed_successfully } } } }';
    const pod = 'services: { db: { image: x }, migrate: { image: x, depends_on: [ db ] } }';
    const stacks: StackText[] = [
      { pods: { web: pod, late: waiting } },
      { pods: { web: pod }, jobs: { late: waiting } },
    ];
    for (const stack of stacks) {
      const { initContainers = [] } = workloads(stack).deployments[0]?.spec.template.spec ?? {};
      expect(initContainers.map(({ name }) => name)).toEqual(['db', 'migrate']);
    }
  });

  it('refuses a pod that has only init containers', () => {
    const made = workloads({
      pods: {
        web: 'services: { web: { image: x, depends_on: { seed: { condition: service_completed_successfully } } } }',
        seed: 'services: { seed: { image: x } }',
      },
    });
    expect(made.errors).toEqual([
      'docker-compose-seed.yml:1 services.seed: runs to completion, as web waits for it, and nothing else is in this pod: put it into the compose file of the service that waits for it, or make it a job',
    ]);
  });
});

describe('order across pods', () => {
  const name = (podFile: string): string => `${app}-${podFile}-deployment`;
  const deployment = (podFile: string): object => ({ kind: 'Deployment', name: name(podFile) });

  it('lists the workloads that each workload waits for, and whether they must be ready', () => {
    const input = objectsInput({
      pods: {
        web: `services: { web: { image: x, depends_on: { db: { condition: service_healthy }, cache: { condition: service_started } } }, more: { image: x, depends_on: [ db ] } }`,
        db: `services: { db: { image: x, ${healthy} } }`,
        cache: 'services: { cache: { image: x } }',
      },
      jobs: { seed: `services: { seed: { image: x, depends_on: { db: { condition: service_healthy } } } }` },
    });
    expect(startOrder(input)).toEqual([
      { workload: deployment('db'), after: [] },
      { workload: deployment('cache'), after: [] },
      {
        workload: deployment('web'),
        after: [
          { workload: deployment('db'), condition: 'ready' },
          { workload: deployment('cache'), condition: 'started' },
        ],
      },
      {
        workload: { kind: 'Job', name: `${app}-job-seed` },
        after: [{ workload: deployment('db'), condition: 'ready' }],
      },
    ]);
  });

  it('leaves out pods without services, which get no Deployment', () => {
    const pods = {
      web: 'services: { web: { image: x } }',
      debug: 'services: { debug: { image: x, profiles: [ debug ] } }',
    };
    expect(startOrder(objectsInput({ pods })).map(({ workload }) => workload)).toEqual([deployment('web')]);
    expect(workloads({ pods }).deployments.map(({ metadata }) => metadata.name)).toEqual([name('web')]);
    expect(workloads({ pods, profiles: ['debug'] }).deployments).toHaveLength(2);
  });

  it('does not wait in a circle, and warns about it', () => {
    const pods = {
      a: 'services:\n  a1: { image: x, depends_on: [ b1 ] }\n  a2: { image: x }\n',
      b: 'services:\n  b1: { image: x }\n  b2: { image: x, depends_on: [ a2 ] }\n',
    };
    expect(startOrder(objectsInput({ pods }))).toEqual([
      { workload: deployment('b'), after: [] },
      { workload: deployment('a'), after: [{ workload: deployment('b'), condition: 'started' }] },
    ]);
  });

  it('warns when a pod must be healthy but has no healthcheck in its file', () => {
    const input = {
      pods: {
        web: 'services: { web: { image: x, depends_on: { db: { condition: service_healthy } } } }',
        db: 'services: { db: { image: x } }',
      },
    };
    expect(orderWarnings(input)).toEqual([
      'docker-compose-web.yml:1 services.web.depends_on.db: db has no healthcheck in the compose file, and Kubernetes does not use the one of its image: it is awaited until it runs; give it a healthcheck',
    ]);
  });
});

function orderWarnings(stack: Parameters<typeof workloads>[0]): string[] {
  return workloads(stack).warnings;
}

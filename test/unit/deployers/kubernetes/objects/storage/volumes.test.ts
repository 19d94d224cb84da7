import { describe, expect, it } from 'vitest';
import { buildObjects } from '../../../../../../src/deployers/kubernetes/objects/build.js';
import type { KubernetesObject } from '../../../../../../src/deployers/kubernetes/objects/common/object.js';
import { formatProblem } from '../../../../../../src/system/errors.js';
import { app, objectsInput, oneService, type StackText } from '../../../../../support/kubernetes/kubernetes-objects.js';

interface Storage {
  volumes: KubernetesObject[];
  claims: KubernetesObject[];
  errors: string[];
  warnings: string[];
}

/** The objects for the volume `data` of a service, whose spec has these lines. */
function storageOf(spec: string, more: Partial<StackText> = {}, top = 'volumes: { data: }'): Storage {
  const pods = { web: oneService('volumes: [ "data:/data" ]', top) };
  const { objects, findings } = buildObjects(objectsInput({ pods, spec, ...more }));
  return {
    volumes: objects.filter(({ kind }) => kind === 'PersistentVolume'),
    claims: objects.filter(({ kind }) => kind === 'PersistentVolumeClaim'),
    errors: findings.errors.map(formatProblem),
    warnings: findings.warnings.map(formatProblem),
  };
}

const pathOf = ({ volumes }: Storage): unknown => (volumes[0]?.spec as { hostPath: { path: string } }).hostPath.path;
const labels = {
  app,
  'app.kubernetes.io/stack': 'notes',
  'app.kubernetes.io/managed-by': 'laconic-so',
  'laconic.com/deployment-id': app,
  'volume-label': `${app}-data`,
};

describe('volumes with a path', () => {
  it('become a PersistentVolume and its claim, as in existing deployments', () => {
    const made = storageOf('volumes: { data: /srv/kind/notes/data }\nkind-mount-root: /srv/kind\n');
    expect(made.volumes).toEqual([
      {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: `${app}-data`, labels },
        spec: {
          storageClassName: 'manual',
          accessModes: ['ReadWriteOnce'],
          capacity: { storage: '2Gi' },
          persistentVolumeReclaimPolicy: 'Retain',
          hostPath: { path: '/mnt/notes/data' },
        },
      },
    ]);
    expect(made.claims).toEqual([
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: `${app}-data`, namespace: 'laconic-notes', labels },
        spec: {
          storageClassName: 'manual',
          volumeName: `${app}-data`,
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: '2Gi' } },
        },
      },
    ]);
  });

  it.each([
    ['/srv/kind/', '/srv/kind/a/b', '/mnt/a/b'],
    ['/srv/kind', '/srv/kind', '/mnt'],
    ['/srv/kind', '/srv/kind2/a', '/mnt/data'],
    ['/srv/kind', '/srv/kind/../other', '/mnt/data'],
    ['/srv/kind', './data/v', '/mnt/data'],
    [undefined, './data/v', '/mnt/data'],
    [undefined, '/srv/x', '/mnt/data'],
    // The deployment directory is /srv/notes; paths below the mount root are where the root is mounted in the node.
    ['/srv', './data/v', '/mnt/notes/data/v'],
  ])("are at the node's path for root %s and path %s: %s", (root, value, expected) => {
    const made = storageOf(`volumes: { data: "${value}" }\n${root === undefined ? '' : `kind-mount-root: ${root}\n`}`);
    expect(pathOf(made)).toBe(expected);
  });

  it('are where the spec says on any other cluster, which has no relative paths', () => {
    expect(pathOf(storageOf('volumes: { data: /srv/x }\n', { target: 'k8s' }))).toBe('/srv/x');
    expect(storageOf('volumes: { data: ./data/x }\n', { target: 'k8s' }).errors).toEqual([
      "spec.yml:4 volumes.data: Relative path ./data/x for volume data not supported for k8s: write an absolute path on the nodes, or nothing for the cluster's default storage class",
    ]);
  });
});

describe('volumes without a path', () => {
  it('become a claim with the default storage class of the cluster', () => {
    const { volumes, claims } = storageOf('volumes: { data: }\n');
    expect(volumes).toEqual([]);
    expect(claims.map(({ spec }) => spec)).toEqual([
      { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } } },
    ]);
  });

  it('become a claim also when the spec does not mention them, since pods would wait for ever', () => {
    expect(storageOf('').claims).toHaveLength(1);
  });

  it('need no claim for a declared configmap, or when no compose file mentions them', () => {
    const configmap = { configmaps: { data: { a: 'a' } } };
    expect(storageOf('configmaps: { data: }\n', configmap).claims).toEqual([]);
    expect(storageOf('volumes: { data: , other: }\n').claims).toHaveLength(1);
  });

  it('may belong to jobs', () => {
    const jobs = { seed: oneService('volumes: [ "in:/in" ]', 'volumes: { in: }') };
    expect(storageOf('', { jobs }).claims.map(({ metadata }) => metadata.name)).toEqual([`${app}-data`, `${app}-in`]);
  });

  it.each([
    ['volumes: { data: { external: true } }', 'an external Docker volume does not exist in the cluster'],
    ['volumes: { data: { driver: nfs } }', 'its driver is a Docker driver'],
    ['volumes: { data: { driver_opts: { type: tmpfs } } }', 'its driver is a Docker driver'],
  ])('are warned about for %s, which only Docker has', (top, why) => {
    expect(storageOf('', {}, top).warnings).toEqual([
      `docker-compose-web.yml:5 volumes.data: ${why}: it becomes a new volume of the cluster's default storage class; if its data is elsewhere, give it a path in volumes of the spec`,
    ]);
    expect(storageOf('volumes: { data: /srv/x }\n', {}, top).warnings).toEqual([]);
  });
});

describe('sizes of volumes are exact', () => {
  it.each([
    ['', '2Gi', undefined],
    ['resources: { volumes: { reservations: { storage: 5Gi } } }\n', '5Gi', undefined],
    ['resources: { volumes: { reservations: { storage: 500M } } }\n', '500M', undefined],
    ['resources: { volumes: { reservations: { storage: 512mb } } }\n', '512Mi', undefined],
    [
      'resources: { volumes: { reservations: { storage: 5Gi }, data: { reservations: { storage: 1Ti } } } }\n',
      '1Ti',
      undefined,
    ],
    ['resources: { volumes: { data: { reservations: { storage: 1Gi }, limits: { storage: 3Gi } } } }\n', '1Gi', '3Gi'],
    ['resources: { volumes: { data: { limits: { storage: 3Gi } } } }\n', '3Gi', '3Gi'],
  ])('%j: %s', (spec, storage, limit) => {
    const { claims, volumes } = storageOf(`${spec}volumes: { data: /x }\n`);
    expect((claims[0]?.spec as { resources: unknown }).resources).toEqual({
      requests: { storage },
      ...(limit === undefined ? {} : { limits: { storage: limit } }),
    });
    expect((volumes[0]?.spec as { capacity: unknown }).capacity).toEqual({ storage });
  });
});

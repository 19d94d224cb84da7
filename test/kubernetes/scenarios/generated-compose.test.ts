import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stamped } from '../../../src/deployers/kubernetes/apply/hash.js';
import { buildObjects } from '../../../src/deployers/kubernetes/objects/build.js';
import type { KubernetesObject } from '../../../src/deployers/kubernetes/objects/common/object.js';
import { renderObjects } from '../../../src/deployers/kubernetes/objects/render.js';
import { LaconicError } from '../../../src/system/errors.js';
import { run } from '../../../src/system/process/process.js';
import { deleteNamespaces, describeWithCluster, kubectl, shared } from '../../support/kubernetes/cluster.js';
import { app, objectsInput, type StackText } from '../../support/kubernetes/kubernetes-objects.js';
import { arbitraryService, type WrittenService } from '../../compose/model-arbitrary.js';

const namespace = `generated-${process.pid}`;
const config = { SET: 'set to $(HOME) $$', EMPTY: '', Q: `a'b"c`, PORT: '8080' };

/** One to three services in one or two pods, and the top-level definitions that they mention. */
const stacks = fc
  .tuple(fc.array(arbitraryService, { minLength: 1, maxLength: 3 }), fc.boolean(), fc.boolean())
  .map(([services, jobs, many]): StackText => {
    const written = services.map((service, index) => mappable(service(index)));
    const all = Object.fromEntries(written.map((service, index) => [`s${index}`, service]));
    const file = (of: Record<string, WrittenService>): string => JSON.stringify({ services: of, ...top });
    const [first = {}] = written;
    return {
      pods: { main: file(all), ...(many ? { second: file({ alone: alone(first) }) } : {}) },
      jobs: jobs ? { once: file({ task: alone(first) }) } : {},
      config,
      generated: { TOKEN: 'abc$(X)' },
    };
  });

const top = {
  volumes: { data: {}, other: {} },
  secrets: { one: { environment: 'SET' }, two: { external: true } },
  configs: { one: { content: 'one ${SET}' }, two: { external: true } },
};

/** Replaces what Kubernetes does not have by what it has, so that the rest may be arbitrary. */
function mappable(service: WrittenService): WrittenService {
  const { volumes, deploy, user, entrypoint } = service;
  const mounts = (Array.isArray(volumes) ? (volumes as unknown[]) : []).filter((mount) =>
    typeof mount === 'string' ? /^(?:data|other):/.test(mount) : (mount as { type: string }).type !== 'bind',
  );
  const { limits } = (deploy as { resources?: { limits?: object } } | undefined)?.resources ?? {};
  // The services of a pod have the same number of replicas.
  const placed = Object.fromEntries(Object.entries(deploy ?? {}).filter(([key]) => key !== 'replicas'));
  return {
    ...service,
    volumes: mounts,
    ...(service.tmpfs === undefined ? {} : { tmpfs: ['/scratch:size=1m'] }),
    ...(service.sysctls === undefined ? {} : { sysctls: { 'net.ipv4.tcp_syncookies': 0 } }),
    ...(service.group_add === undefined ? {} : { group_add: [10, '20'] }),
    ...(service.security_opt === undefined
      ? {}
      : { security_opt: service.extends === undefined ? ['seccomp:unconfined'] : [] }),
    ...(user === undefined || (typeof user === 'string' && /^\d/.test(user)) ? {} : { user: '0:7' }),
    ...(deploy === undefined
      ? {}
      : { deploy: { ...placed, ...(limits === undefined ? {} : { resources: { limits } }) } }),
    ...(entrypoint === undefined ? {} : { command: ['a', 'command'] }),
  };
}

/** A service in a file of its own. */
function alone(service: WrittenService): WrittenService {
  return Object.fromEntries(Object.entries(service).filter(([key]) => key !== 'extends' && key !== 'depends_on'));
}

/** The objects of a stack, or none when it is refused with problems. */
function objectsOf(stack: StackText): readonly KubernetesObject[] {
  try {
    const { objects, findings } = buildObjects(objectsInput(stack));
    return findings.errors.length > 0 ? [] : objects;
  } catch (error) {
    if (error instanceof LaconicError) return [];
    throw error;
  }
}

/** The rendered object, in the namespace of the test and with a unique name. */
function text(objects: readonly KubernetesObject[], index: number): string {
  const placed = objects.map(
    (object): KubernetesObject => ({
      ...object,
      metadata: {
        ...object.metadata,
        ...(object.kind === 'Namespace' ? { name: namespace } : {}),
        ...(object.metadata.namespace === undefined ? {} : { namespace }),
      },
    }),
  );
  return renderObjects(placed.map(stamped)).replaceAll(app, `laconic-p${index}`);
}

describeWithCluster('objects of generated compose files', () => {
  beforeAll(() => kubectl('create', 'namespace', namespace));
  afterAll(() => deleteNamespaces(namespace));

  it('are all accepted by the API server', async () => {
    let asked = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(stacks, { minLength: 60, maxLength: 60 }), async (batch) => {
        const made = batch.map((stack) => objectsOf(stack));
        const all = made.map((objects, index) => text(objects, index)).join('');
        const accepted = made.filter((objects) => objects.length > 0).length;
        expect(accepted).toBeGreaterThan(20);
        asked += accepted;
        const args = [
          '--kubeconfig',
          shared.kubeconfig,
          'apply',
          '--server-side',
          '--dry-run=server',
          '--filename',
          '-',
        ];
        const { code, stderr } = await run('kubectl', args, { input: all });
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      }),
      { numRuns: 2, endOnFailure: true },
    );
    expect(asked).toBeGreaterThan(40);
  });
});

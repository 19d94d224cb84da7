import { randomBytes } from 'node:crypto';
import { runOrFail } from '../../../src/system/process/process.js';
import type { ClusterApi } from '../../../src/deployers/kubernetes/api/api.js';
import { applyObjects, type ApplyOptions } from '../../../src/deployers/kubernetes/apply/apply.js';
import { connectCluster } from '../../../src/deployers/kubernetes/api/connect.js';
import type { Identity } from '../../../src/deployers/kubernetes/objects/common/identity.js';
import { standardLabels } from '../../../src/deployers/kubernetes/objects/common/labels.js';
import type { KubernetesObject } from '../../../src/deployers/kubernetes/objects/common/object.js';
import { kubectl, shared } from '../../support/kubernetes/cluster.js';
import { type TestContext, testContext } from '../../support/context.js';

/** Images that the node has: `pause` runs until it is stopped, and `coredns -version` ends at once. */
export async function nodeImage(name: 'pause' | 'coredns'): Promise<string> {
  // The Node's status would not do, since it has only the fifty largest.
  const list = ['exec', shared.node, 'ctr', '--namespace', 'k8s.io', 'images', 'ls', '--quiet'];
  const names = (await runOrFail('the images of the node', 'docker', list)).stdout.split('\n');
  const found = names.find((each) => new RegExp(`/${name}:[^@]*$`).test(each));
  if (found === undefined) throw new Error(`the node has no image ${name}: ${names.join(', ')}`);
  return found;
}

/** A test's own deployment on the shared cluster, in a namespace of its own, and its output. */
export interface Site {
  readonly identity: Identity;
  readonly api: ClusterApi;
  /** Applies these objects and the namespace; returns the output and the requests other than reads. */
  start(
    objects: readonly KubernetesObject[],
    options?: Partial<ApplyOptions>,
  ): Promise<{ stdout: string; stderr: string; requests: string[] }>;
  /** A context that records its output. */
  context(): TestContext;
  /** The standard labels of its objects. */
  readonly labels: Record<string, string>;
  /** The objects of a small deployment. */
  namespace(): KubernetesObject;
  deployment(
    name: string,
    spec?: { claim?: string; replicas?: number; image?: string; env?: string },
  ): KubernetesObject;
  service(name: string, spec?: Record<string, unknown>): KubernetesObject;
  configmap(name: string, data?: Record<string, string>): KubernetesObject;
  /** Completes at once; with a command, which the image does not have, it fails. */
  job(name: string, command?: string[]): KubernetesObject;
  volume(name: string, path?: string): [KubernetesObject, KubernetesObject];
  remove(): Promise<void>;
}

/** @param signal of the commands; without it they are never aborted */
export async function site(stack = 'shop', given: Partial<Identity> = {}): Promise<Site> {
  const id = randomBytes(4).toString('hex');
  const identity: Identity = {
    deploymentId: `laconic-${id}`,
    stack,
    namespace: `apply-${id}`,
    directory: `/srv/deployments/${id}`,
    ...given,
  };
  const { deploymentId: app, namespace } = identity;
  const [pause, coredns] = await Promise.all([nodeImage('pause'), nodeImage('coredns')]);
  const labels = standardLabels({ ...identity, podFiles: [] });
  const context = (): TestContext => testContext('/');
  const { api } = await connectCluster({ kind: 'k8s-kind', cluster: shared.name }, context());
  const meta = (name: string, more: Record<string, string> = {}): KubernetesObject['metadata'] => ({
    name,
    namespace,
    labels: { ...labels, ...more },
  });
  const namespaceObject = (): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace, labels, annotations: { 'laconic.com/deployment-dir': identity.directory } },
  });
  const podSpec = (claim: string | undefined, image: string, env?: string): Record<string, unknown> => ({
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: 'main',
        image,
        imagePullPolicy: 'IfNotPresent',
        ...(env === undefined ? {} : { env: [{ name: 'VALUE', value: env }] }),
        ...(claim === undefined ? {} : { volumeMounts: [{ name: 'data', mountPath: '/data' }] }),
      },
    ],
    ...(claim === undefined ? {} : { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: claim } }] }),
  });
  return {
    identity,
    api,
    labels,
    context,
    namespace: namespaceObject,
    async start(objects, options = {}) {
      const own = context();
      const all = { order: [], awaitReady: async () => undefined, ...options };
      const { counted, requests } = countWrites(api);
      await applyObjects(identity, [namespaceObject(), ...objects], counted, all, own);
      return { ...own.output, requests };
    },
    deployment: (name, { claim, replicas = 1, image = pause, env } = {}) => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: meta(name),
      spec: {
        replicas,
        selector: { matchLabels: { app, 'app.kubernetes.io/component': name } },
        strategy: { type: 'Recreate' },
        template: {
          metadata: { labels: { ...labels, 'app.kubernetes.io/component': name } },
          spec: podSpec(claim, image, env),
        },
      },
    }),
    service: (name, spec = {}) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: meta(name),
      spec: { type: 'ClusterIP', selector: { app }, ports: [{ name: 'port-80', port: 80, targetPort: 80 }], ...spec },
    }),
    configmap: (name, data = { key: 'value' }) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: meta(name), data }),
    job: (name, command) => ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: meta(name),
      spec: {
        backoffLimit: 0,
        template: {
          metadata: { labels: { ...labels, app: `${app}-job` } },
          spec: {
            restartPolicy: 'Never',
            terminationGracePeriodSeconds: 1,
            containers: [
              {
                name: 'main',
                image: coredns,
                imagePullPolicy: 'IfNotPresent',
                args: ['-version'],
                ...(command ? { command } : {}),
              },
            ],
          },
        },
      },
    }),
    volume: (name, path = `/mnt/${app}`) => [
      {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name, labels: { ...labels, 'volume-label': name } },
        spec: {
          storageClassName: 'manual',
          accessModes: ['ReadWriteOnce'],
          capacity: { storage: '1Gi' },
          persistentVolumeReclaimPolicy: 'Retain',
          hostPath: { path },
        },
      },
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: meta(name, { 'volume-label': name }),
        spec: {
          storageClassName: 'manual',
          volumeName: name,
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: '1Gi' } },
        },
      },
    ],
    async remove() {
      // No test uses these names again, so nobody needs to wait.
      const words = ['--ignore-not-found', '--wait=false'];
      await kubectl('delete', 'namespace', namespace, ...words);
      await kubectl('delete', 'persistentvolume', '--selector', `app=${app}`, ...words);
    },
  };
}

/** Creates objects like the Python program's client: with plain requests in its name. */
export async function createAsPython(...objects: KubernetesObject[]): Promise<void> {
  await createAs('OpenAPI-Generator', ...objects);
}

/** Creates objects with this field manager. */
export async function createAs(manager: string, ...objects: KubernetesObject[]): Promise<void> {
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
  const words = ['--kubeconfig', shared.kubeconfig, 'create', '--field-manager', manager, '--filename', '-'];
  await runOrFail('kubectl create', 'kubectl', words, { input });
}

/** The same API with a list of all requests that may change something. */
export function countWrites(api: ClusterApi): { counted: ClusterApi; requests: string[] } {
  const requests: string[] = [];
  const counted: ClusterApi = {
    ...api,
    apply: (object, options) => {
      requests.push(`${options.dryRun === true ? 'check' : 'apply'} ${object.kind}/${object.metadata.name}`);
      return api.apply(object, options);
    },
    create: (object, manager, dryRun) => {
      requests.push(`${dryRun === true ? 'check' : 'create'} ${object.kind}/${object.metadata.name}`);
      return api.create(object, manager, dryRun);
    },
    patch: (type, name, namespace, patch, manager) => {
      requests.push(`patch ${type.kind}/${name}`);
      return api.patch(type, name, namespace, patch, manager);
    },
    delete: (type, name, namespace, options) => {
      requests.push(`delete ${type.kind}/${name}`);
      return api.delete(type, name, namespace, options);
    },
  };
  return { counted, requests };
}

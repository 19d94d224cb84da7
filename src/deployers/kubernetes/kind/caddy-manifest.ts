import type { KubernetesObject } from '../objects/common/object.js';

/** Namespace and name of Caddy: the same as in the Python program, whose objects are taken over. */
export const caddyNamespace = 'caddy-system';
export const caddyName = 'caddy-ingress-controller';
export const caddyConfigMap = 'caddy-ingress-controller-configmap';

/** The only place that defines the default Caddy image. */
export const defaultCaddyImage = 'ghcr.io/laconicnetwork/caddy-ingress:latest';

/** Increases with every change of the objects here: an older program does not change what a newer one installed. */
export const caddyRelease = 1;

/** On the Deployment: the release of these objects, and whether a spec chose the image. */
export const releaseAnnotation = 'laconic.com/caddy-release';
export const imageFromAnnotation = 'laconic.com/caddy-image-from';

export const defaultAcmeAuthority = 'https://acme-v02.api.letsencrypt.org/directory';

/** Settings that differ between clusters. */
export interface CaddySettings {
  image: string;
  imageFrom: 'default' | 'spec';
  /** Id of a `:local` image on this host: a rebuilt one causes a rollout. */
  imageId?: string;
  email: string;
  acmeAuthority: string;
}

const labels = { 'app.kubernetes.io/name': caddyName, 'app.kubernetes.io/instance': 'caddy-ingress' };
const controllerLabels = { ...labels, 'app.kubernetes.io/component': 'controller' };

function common(name: string, namespaced: boolean, own: Record<string, string> = labels): KubernetesObject['metadata'] {
  return { name, ...(namespaced ? { namespace: caddyNamespace } : {}), labels: own };
}

const rbac = 'rbac.authorization.k8s.io/v1';
const account = { kind: 'ServiceAccount', name: caddyName, namespace: caddyNamespace };

/**
 * Returns the objects of the ingress controller in the order in which they are applied. It reads secrets in all
 * namespaces, as Ingresses name them, and writes only those of its own, where it stores certificates.
 */
export function caddyObjects(settings: CaddySettings): KubernetesObject[] {
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: common(caddyNamespace, false) },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: common(caddyName, true) },
    { apiVersion: rbac, kind: 'ClusterRole', metadata: common(caddyName, false), rules: clusterRules },
    {
      apiVersion: rbac,
      kind: 'ClusterRoleBinding',
      metadata: common(caddyName, false),
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: caddyName },
      subjects: [account],
    },
    { apiVersion: rbac, kind: 'Role', metadata: common(caddyName, true), rules: ownRules },
    {
      apiVersion: rbac,
      kind: 'RoleBinding',
      metadata: common(caddyName, true),
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: caddyName },
      subjects: [account],
    },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: common(caddyConfigMap, true),
      data: { acmeCA: settings.acmeAuthority, email: settings.email },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: common(caddyName, true, controllerLabels),
      spec: {
        type: 'NodePort',
        selector: controllerLabels,
        ports: [
          { name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' },
          { name: 'https', port: 443, targetPort: 'https', protocol: 'TCP' },
        ],
      },
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: {
        ...common('caddy', false),
        annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' },
      },
      spec: { controller: 'caddy.io/ingress-controller' },
    },
    deployment(settings),
  ];
}

const read = ['get', 'list', 'watch'];

const clusterRules = [
  {
    apiGroups: [''],
    resources: ['configmaps', 'endpoints', 'namespaces', 'nodes', 'pods', 'secrets', 'services'],
    verbs: read,
  },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: read },
  { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses', 'ingressclasses'], verbs: read },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses/status'], verbs: ['update'] },
];

const ownRules = [
  { apiGroups: [''], resources: ['secrets'], verbs: ['create', 'update', 'delete'] },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update', 'delete'] },
];

function deployment({ image, imageFrom, imageId }: CaddySettings): KubernetesObject {
  const probe = { httpGet: { path: '/healthz', port: 9765 } };
  const fieldOf = (name: string, fieldPath: string): object => ({ name, valueFrom: { fieldRef: { fieldPath } } });
  const tolerated = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master'];
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      ...common(caddyName, true, controllerLabels),
      annotations: { [releaseAnnotation]: String(caddyRelease), [imageFromAnnotation]: imageFrom },
    },
    spec: {
      replicas: 1,
      // Only one of them can have the host's ports.
      strategy: { type: 'Recreate' },
      selector: { matchLabels: controllerLabels },
      template: {
        metadata: {
          labels: controllerLabels,
          ...(imageId === undefined ? {} : { annotations: { [`image-id.laconic.com/${caddyName}`]: imageId } }),
        },
        spec: {
          serviceAccountName: caddyName,
          terminationGracePeriodSeconds: 60,
          nodeSelector: { 'ingress-ready': 'true', 'kubernetes.io/os': 'linux' },
          tolerations: tolerated.map((key) => ({ key, operator: 'Exists', effect: 'NoSchedule' })),
          containers: [
            {
              name: caddyName,
              image,
              imagePullPolicy: 'IfNotPresent',
              args: [`-config-map=${caddyNamespace}/${caddyConfigMap}`, '-class-name=caddy'],
              env: [fieldOf('POD_NAME', 'metadata.name'), fieldOf('POD_NAMESPACE', 'metadata.namespace')],
              ports: [
                { name: 'http', containerPort: 80, hostPort: 80, protocol: 'TCP' },
                { name: 'https', containerPort: 443, hostPort: 443, protocol: 'TCP' },
              ],
              resources: {
                requests: { cpu: '100m', memory: '128Mi' },
                limits: { cpu: '1', memory: '512Mi' },
              },
              readinessProbe: { ...probe, periodSeconds: 2 },
              livenessProbe: { ...probe, initialDelaySeconds: 3, periodSeconds: 10 },
              securityContext: {
                allowPrivilegeEscalation: true,
                capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] },
                runAsUser: 0,
                runAsGroup: 0,
              },
              volumeMounts: ['data', 'config', 'tmp'].map((name) => ({ name, mountPath: `/${name}` })),
            },
          ],
          volumes: ['data', 'config', 'tmp'].map((name) => ({ name, emptyDir: {} })),
        },
      },
    },
  };
}

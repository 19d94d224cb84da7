import { LaconicError } from '../../../system/errors.js';
import type { ResourceType } from './api.js';

function type(apiVersion: string, kind: string, plural: string, namespaced = true): ResourceType {
  return { apiVersion, kind, plural, namespaced };
}

/** Every kind of object this program reads or writes. */
export const resources = {
  Namespace: type('v1', 'Namespace', 'namespaces', false),
  Node: type('v1', 'Node', 'nodes', false),
  Pod: type('v1', 'Pod', 'pods'),
  Service: type('v1', 'Service', 'services'),
  Endpoints: type('v1', 'Endpoints', 'endpoints'),
  ConfigMap: type('v1', 'ConfigMap', 'configmaps'),
  Secret: type('v1', 'Secret', 'secrets'),
  ServiceAccount: type('v1', 'ServiceAccount', 'serviceaccounts'),
  Event: type('v1', 'Event', 'events'),
  PersistentVolume: type('v1', 'PersistentVolume', 'persistentvolumes', false),
  PersistentVolumeClaim: type('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims'),
  Deployment: type('apps/v1', 'Deployment', 'deployments'),
  ReplicaSet: type('apps/v1', 'ReplicaSet', 'replicasets'),
  StatefulSet: type('apps/v1', 'StatefulSet', 'statefulsets'),
  DaemonSet: type('apps/v1', 'DaemonSet', 'daemonsets'),
  Job: type('batch/v1', 'Job', 'jobs'),
  CronJob: type('batch/v1', 'CronJob', 'cronjobs'),
  Ingress: type('networking.k8s.io/v1', 'Ingress', 'ingresses'),
  IngressClass: type('networking.k8s.io/v1', 'IngressClass', 'ingressclasses', false),
  EndpointSlice: type('discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices'),
  StorageClass: type('storage.k8s.io/v1', 'StorageClass', 'storageclasses', false),
  Role: type('rbac.authorization.k8s.io/v1', 'Role', 'roles'),
  RoleBinding: type('rbac.authorization.k8s.io/v1', 'RoleBinding', 'rolebindings'),
  ClusterRole: type('rbac.authorization.k8s.io/v1', 'ClusterRole', 'clusterroles', false),
  ClusterRoleBinding: type('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'clusterrolebindings', false),
  RuntimeClass: type('node.k8s.io/v1', 'RuntimeClass', 'runtimeclasses', false),
  Lease: type('coordination.k8s.io/v1', 'Lease', 'leases'),
  Certificate: type('cert-manager.io/v1', 'Certificate', 'certificates'),
  ClusterIssuer: type('cert-manager.io/v1', 'ClusterIssuer', 'clusterissuers', false),
} as const satisfies Record<string, ResourceType>;

/** Returns the type of an object; undefined for a kind (or a version of it) that this program does not know. */
export function findType(object: { apiVersion: string; kind: string }): ResourceType | undefined {
  const found = (resources as Record<string, ResourceType | undefined>)[object.kind];
  return found?.apiVersion === object.apiVersion ? found : undefined;
}

/** Returns the type of an object. @throws LaconicError for a kind that is not in the table */
export function typeOf(object: { apiVersion: string; kind: string }): ResourceType {
  const found = findType(object);
  if (found === undefined)
    throw new LaconicError(`objects of kind ${object.apiVersion} ${object.kind} are not supported`);
  return found;
}

/**
 * Valid parts of a path: `..` or an empty part would lead to another object, or to all of them. Names in RBAC may
 * contain `:`.
 */
const pathPart = /^[A-Za-z0-9]([A-Za-z0-9.:_-]*[A-Za-z0-9])?$/;

/**
 * Returns the path of a list or an object on the API server. Without a namespace: those of the cluster, or of all
 * namespaces.
 * @throws LaconicError for an invalid name
 */
export function resourcePath(type: ResourceType, namespace?: string, name?: string): string {
  const root = type.apiVersion.includes('/') ? `/apis/${type.apiVersion}` : `/api/${type.apiVersion}`;
  const scope = type.namespaced && namespace !== undefined ? `/namespaces/${checked(namespace)}` : '';
  return `${root}${scope}/${type.plural}${name === undefined ? '' : `/${checked(name)}`}`;
}

function checked(part: string): string {
  if (pathPart.test(part)) return part;
  throw new LaconicError(`${JSON.stringify(part)} is not the name of a Kubernetes object`);
}

/** Describes an object on a server in messages: `Deployment x in namespace y`. */
export function describeTarget(type: ResourceType, name: string, namespace: string | undefined): string {
  return `${type.kind} ${name}${type.namespaced && namespace !== undefined ? ` in namespace ${namespace}` : ''}`;
}

import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import type { ObjectsInput } from './input.js';

/**
 * The names of all objects of a deployment: the Python program's where Kubernetes allows it, as existing objects are
 * adopted by name; else made valid, at most 63 characters, with a hash of the original.
 */
export interface Names {
  /** Deployment of a pod file. */
  deployment(podFile: string): string;
  /** The ClusterIP Service behind the Ingress. */
  ingressService(podFile: string): string;
  /** The headless Service of a compose service; undefined if DNS does not allow its name. */
  headlessService(composeService: string): string | undefined;
  /** @param distinct the node port, if another Service already has the plain name */
  nodePort(port: number, protocol: string, distinct?: number): string;
  readonly ingress: string;
  /** A further Ingress, if hosts have different issuers. */
  ingressOf(issuer: string): string;
  /** The secret that cert-manager fills with a host's certificate. */
  tlsSecret(host: string): string;
  job(job: string): string;
  /** A declared configmap of the spec. */
  configmap(volume: string): string;
  /** The ConfigMap of a path on the host; a hash distinguishes sources with equal names. */
  bindConfigmap(source: string): string;
  claim(volume: string): string;
  /** The PersistentVolume: named like the claim. */
  volume(volume: string): string;
  readonly generatedSecrets: string;
  /** The Secret with the values from credentials files. */
  readonly credentials: string;
  readonly registrySecret: string;
  /** The Secret with the certificates of the spec's authorities. */
  readonly caCertificates: string;
  /** Secret with the content of a compose file's top-level secret; the content is at {@link fileKey}. */
  composeSecret(name: string): string;
  /** ConfigMap with the content of a compose file's top-level config; the content is at {@link fileKey}. */
  composeConfig(name: string): string;
  /** A container: named like the compose service. */
  container(composeService: string): string;
  /** `volumes[].name` in a pod for a named volume: the volume's own name. */
  podVolume(volume: string): string;
  /** `volumes[].name` in a pod for a path on the host: `host-path-…`. */
  bindVolume(source: string): string;
}

/** The one key in the objects of {@link Names.composeSecret} and {@link Names.composeConfig}. */
export const fileKey = 'content';

const maxLength = 63;
const labelName = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
const serviceName = /^[a-z]([a-z0-9-]*[a-z0-9])?$/;
const objectName = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

/** Creates the names for this deployment. Only the id, the names of the pod files and the bind mounts are used. */
export function createNames(input: Pick<ObjectsInput, 'deploymentId' | 'podFiles' | 'jobs'>): Names {
  const { deploymentId } = input;
  const several = input.podFiles.length > 1;
  const binds = bindNames([...input.podFiles, ...input.jobs]);
  const bindVolume = (source: string): string => binds.get(posix.normalize(source)) ?? plainBindName(source);
  const ofPodFile = (podFile: string): string => (several ? `${deploymentId}-${podFile}` : deploymentId);
  const claim = (volume: string): string => fit(`${deploymentId}-${volume}`, objectName);
  return {
    deployment: (podFile) => fit(`${ofPodFile(podFile)}-deployment`, objectName, 253),
    ingressService: (podFile) => fit(`${ofPodFile(podFile)}-service`, serviceName),
    headlessService: dnsName,
    nodePort: (port, protocol, distinct) =>
      fit(`${deploymentId}-nodeport-${port}-${protocol}${distinct === undefined ? '' : `-${distinct}`}`, serviceName),
    ingress: fit(`${deploymentId}-ingress`, objectName),
    ingressOf: (issuer) => fit(`${deploymentId}-ingress-${issuer}`, objectName),
    tlsSecret: (host) => fit(`${deploymentId}-${host}-tls`, objectName, 253),
    job: (job) => fit(`${deploymentId}-job-${job}`, objectName),
    configmap: (volume) => fit(`${deploymentId}-${volume}`, objectName, 253),
    bindConfigmap: (source) => fit(`${deploymentId}-${bindVolume(source)}`, objectName, 253),
    claim,
    volume: claim,
    generatedSecrets: generatedSecretsName(deploymentId),
    credentials: fit(`${deploymentId}-credentials`, objectName),
    registrySecret: fit(`${deploymentId}-image-pull-secret`, objectName),
    caCertificates: fit(`${deploymentId}-ca-certificates`, objectName),
    composeSecret: (name) => fit(`${deploymentId}-compose-secret-${name}`, objectName, 253),
    composeConfig: (name) => fit(`${deploymentId}-compose-config-${name}`, objectName, 253),
    container: (service) => fit(service, labelName),
    podVolume: (volume) => fit(volume, labelName),
    bindVolume,
  };
}

/** The Secret with the generated secrets of a deployment. */
export function generatedSecretsName(deploymentId: string): string {
  return fit(`${deploymentId}-generated-secrets`, objectName);
}

/**
 * Returns the namespace of a deployment: the spec's, else `laconic-<stack>`, else `laconic-<deployment-id>`. Two stacks
 * that get the same name here are distinguished by the namespace's owner, so only a name that is too long gets a hash.
 */
export function namespaceName(given: string | undefined, stack: string, deploymentId: string): string {
  if (given) return given;
  const name = `laconic-${stack || deploymentId}`;
  const valid = cleaned(name);
  return valid.length <= maxLength ? valid : withHash(valid, name);
}

/** Returns a label value: unchanged if Kubernetes allows it, else made valid. */
export function labelValue(text: string): string {
  if (text === '' || (text.length <= maxLength && /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(text))) return text;
  return withHash(cleaned(text), text);
}

/** The name under which pods find a compose service: lower case, as DNS ignores case. */
function dnsName(service: string): string | undefined {
  const name = service.toLowerCase();
  return serviceName.test(name) && name.length <= maxLength ? name : undefined;
}

function fit(name: string, pattern: RegExp, limit = maxLength): string {
  if (name.length <= limit && pattern.test(name)) return name;
  const valid = withHash(cleaned(name), name);
  return pattern.test(valid) ? valid : withHash(`x-${cleaned(name)}`, name);
}

function cleaned(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

function withHash(valid: string, original: string): string {
  const hash = createHash('sha256').update(original).digest('hex').slice(0, 8);
  const start = valid.slice(0, maxLength - hash.length - 1).replace(/-+$/, '');
  return start === '' ? `x-${hash}` : `${start}-${hash}`;
}

/**
 * The pod volume's name for the source of every bind mount, by its normalized path. The first of equal names keeps it.
 */
function bindNames(podFiles: ObjectsInput['podFiles']): Map<string, string> {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const { model } of podFiles) {
    for (const service of model.services.values()) {
      for (const mount of service.volumes) {
        if (mount.type !== 'bind' || mount.source === undefined) continue;
        const source = posix.normalize(mount.source);
        if (names.has(source)) continue;
        const plain = plainBindName(source);
        const name = taken.has(plain) ? withHash(plain, source) : plain;
        names.set(source, name);
        taken.add(name);
      }
    }
  }
  return names;
}

/** The name that the Python program gave the volume of a path on the host. */
function plainBindName(source: string): string {
  const path = source
    .replace(/^\.+\//, '')
    .replace(/[/.]/g, '-')
    .replace(/[^A-Za-z0-9-]/g, '')
    .toLowerCase()
    .replace(/-+/g, '-')
    .replace(/^-|-$/g, '');
  const name = `host-path-${path}`;
  if (path === '') return withHash('host-path', source);
  return name.length <= maxLength ? name : withHash(name, source);
}

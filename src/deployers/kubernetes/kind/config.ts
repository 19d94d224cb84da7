import { posix } from 'node:path';
import { stringify } from 'yaml';
import type { Spec } from '../../../spec/model.js';
import { InvalidFileError, type Problem } from '../../../system/errors.js';
import { parseYaml, yamlStyle } from '../../../system/yaml/yaml.js';
import { definesMemlockRuntime, memlockPatch, memlockSpecFile, memlockSpecInNode } from './memlock.js';
import type { PodFileInput } from '../objects/common/input.js';
import { nodeRoot, placeOnKind } from '../objects/storage/volume-places.js';
import { listOf, mapOf } from '../../../system/plain-map.js';

/** A directory of the host that is mounted into a node. */
export interface NodeMount {
  hostPath: string;
  containerPath: string;
}

/** A port of the host that is mapped to one of the node. */
export interface NodePort {
  hostPort: number;
  containerPort: number;
  /** Upper case. */
  protocol: string;
  /** Address on the host; absent: all of them. */
  listenAddress?: string;
}

/**
 * What a deployment needs from a kind cluster: the part of kind-config.yml that a running cluster can be compared with.
 */
export interface KindConfig {
  readonly mounts: readonly NodeMount[];
  readonly ports: readonly NodePort[];
  /** Whether the nodes need the container runtime for `security.unlimited-memlock`; absent: no. */
  readonly memlock?: boolean;
  /** Labels of the Kubernetes node, `key=value`. */
  readonly nodeLabels: readonly string[];
  /** Absent: LACONIC_SO_KIND_NODE_IMAGE, else kind's default. */
  readonly nodeImage?: string;
}

type PortSpec = Pick<Spec, 'kindListenAddress' | 'kindHttpPort' | 'kindHttpsPort'>;

/** The sources of kind-config.yml. */
export interface KindConfigInput {
  /** The absolute path of the deployment directory. */
  readonly root: string;
  readonly home: string;
  readonly spec: PortSpec & Pick<Spec, 'volumes' | 'configmaps' | 'kindMountRoot' | 'kindNodeImage' | 'security'>;
  /** Those of the stack only, without other files in the directory. */
  readonly podFiles: readonly PodFileInput[];
  readonly jobs: readonly PodFileInput[];
}

/** The ingress controller's ports, in every cluster: 80 and 443 of the node, and the host ports that the spec sets. */
function ingressPorts({ kindHttpPort = 80, kindHttpsPort = 443 }: PortSpec): NodePort[] {
  return [
    { hostPort: kindHttpPort, containerPort: 80, protocol: 'TCP' },
    { hostPort: kindHttpsPort, containerPort: 443, protocol: 'TCP' },
  ];
}

/** Label of the node that runs Caddy. */
const ingressLabel = 'ingress-ready=true';

/**
 * Returns the cluster that a deployment needs: mounts of pods and jobs, without duplicates, and host ports of
 * host-network services.
 */
export function kindConfig(input: KindConfigInput): KindConfig {
  const { spec } = input;
  const mounts: NodeMount[] = [];
  if (spec.kindMountRoot !== undefined) {
    mounts.push({ hostPath: posix.resolve(spec.kindMountRoot), containerPath: nodeRoot });
  }
  for (const volume of mountedVolumes(input)) {
    const place = placeOnKind(volume, spec, input.root, input.home);
    if (place?.ownMount === true) mounts.push({ hostPath: place.hostPath, containerPath: place.nodePath });
  }
  const memlock = spec.security.unlimitedMemlock;
  if (memlock) mounts.push({ hostPath: posix.join(input.root, memlockSpecFile), containerPath: memlockSpecInNode });
  const wanted = [...ingressPorts(spec), ...hostNetworkPorts(input.podFiles).map(({ port }) => port)];
  const ports = onceEach(wanted, portKey);
  const { kindListenAddress: listenAddress } = spec;
  return {
    mounts,
    ...(memlock ? { memlock } : {}),
    ports: listenAddress === undefined ? ports : ports.map((port) => ({ ...port, listenAddress })),
    nodeLabels: [ingressLabel],
    nodeImage: spec.kindNodeImage,
  };
}

/** Names of the volumes that services of pods and jobs mount, in file order; without configmaps. */
function mountedVolumes({ podFiles, jobs, spec }: KindConfigInput): Set<string> {
  const names = [...podFiles, ...jobs].flatMap(({ model }) =>
    [...model.services.values()].flatMap((service) =>
      service.volumes.flatMap(({ type, source }) => (type === 'volume' && source !== undefined ? [source] : [])),
    ),
  );
  return new Set(names.filter((name) => !spec.configmaps.has(name)));
}

/** A host-network pod listens on the node: host and container ports are the same. */
function hostNetworkPorts(podFiles: readonly PodFileInput[]): { port: NodePort; service: string }[] {
  return podFiles.flatMap(({ model }) =>
    [...model.services.values()]
      .filter(({ network_mode }) => network_mode === 'host')
      .flatMap(({ name, ports }) =>
        ports.map(({ target, protocol }) => ({
          port: { hostPort: target, containerPort: target, protocol: protocol.toUpperCase() },
          service: name,
        })),
      ),
  );
}

/**
 * Reports host ports that the spec gives to the ingress controller although a host-network service has them: only one
 * of the two would be reachable. Ports 80 and 443 of the node itself are reported with the pods.
 */
export function hostPortProblems(spec: PortSpec & Pick<Spec, 'yaml'>, podFiles: readonly PodFileInput[]): Problem[] {
  const wanted = [
    ['kind-http-port', spec.kindHttpPort],
    ['kind-https-port', spec.kindHttpsPort],
  ] as const;
  return wanted.flatMap(([key, port]) => {
    const other = hostNetworkPorts(podFiles).find(
      (each) => each.port.hostPort === port && each.port.protocol === 'TCP',
    );
    if (other === undefined) return [];
    const message = `port ${port}/tcp of this host would lead to the ingress controller, but ${other.service}, which uses the network of the node, has it: use another port`;
    return [spec.yaml.problem([key], message)];
  });
}

function portKey({ hostPort, protocol }: NodePort): string {
  return `${hostPort}/${protocol}`;
}

function onceEach<T>(all: readonly T[], key: (each: T) => string): T[] {
  const seen = new Set<string>();
  return all.filter((each) => {
    const known = seen.has(key(each));
    seen.add(key(each));
    return !known;
  });
}

/** Renders kind-config.yml. */
export function renderKindConfig(config: KindConfig): string {
  const labels = config.nodeLabels.join(',');
  const node = {
    role: 'control-plane',
    image: config.nodeImage,
    kubeadmConfigPatches: [
      `kind: InitConfiguration\nnodeRegistration:\n  kubeletExtraArgs:\n    node-labels: "${labels}"\n`,
    ],
    extraPortMappings: config.ports.map(({ containerPort, hostPort, protocol, listenAddress }) => ({
      containerPort,
      hostPort,
      ...([80, 443].includes(containerPort) && protocol === 'TCP' ? {} : { protocol }),
      listenAddress,
    })),
    ...(config.mounts.length === 0
      ? {}
      : { extraMounts: config.mounts.map((mount) => ({ ...mount, propagation: 'HostToContainer' })) }),
  };
  const patches = config.memlock ? { containerdConfigPatches: [memlockPatch] } : {};
  const cluster = { kind: 'Cluster', apiVersion: 'kind.x-k8s.io/v1alpha4', ...patches, nodes: [node] };
  return stringify(cluster, yamlStyle);
}

/**
 * Parses kind-config.yml, which may be written by hand or by the Python program: several nodes are combined, and
 * duplicates dropped.
 * @throws InvalidFileError if it is not a configuration of a kind cluster
 */
export function parseKindConfig(text: string, file: string): KindConfig {
  const yaml = parseYaml(text, file);
  const root = mapOf(yaml.value);
  if (root.kind !== 'Cluster')
    throw new InvalidFileError([yaml.problem(['kind'], 'must be Cluster: kind reads this file')]);
  const nodes = listOf(root.nodes).map(mapOf);
  const image = nodes.find(({ role }) => role !== 'worker')?.image;
  return {
    mounts: onceEach(nodes.flatMap(mountsOf), ({ hostPath, containerPath }) => `${containerPath}\n${hostPath}`),
    ...(definesMemlockRuntime(listOf(root.containerdConfigPatches)) ? { memlock: true } : {}),
    ports: onceEach(nodes.flatMap(portsOf), portKey),
    nodeLabels: [...new Set(nodes.flatMap(labelsOf))],
    ...(typeof image === 'string' ? { nodeImage: image } : {}),
  };
}

/** Returns the document for kind: like {@link parseKindConfig}, without duplicates, which Docker refuses. */
export function withoutRepeats(text: string, file: string): string {
  const { value } = parseYaml(text, file);
  const root = mapOf(value);
  const nodes = listOf(root.nodes).map((each) => {
    const node = { ...mapOf(each) };
    for (const key of ['extraMounts', 'extraPortMappings']) {
      const list: unknown = node[key];
      if (Array.isArray(list)) node[key] = onceEach(list as unknown[], (item) => JSON.stringify(item));
    }
    return node;
  });
  return stringify({ ...root, ...(nodes.length === 0 ? {} : { nodes }) }, yamlStyle);
}

function mountsOf(node: Readonly<Record<string, unknown>>): NodeMount[] {
  return listOf(node.extraMounts)
    .map(mapOf)
    .flatMap(({ hostPath, containerPath }) =>
      typeof hostPath === 'string' && typeof containerPath === 'string' ? [{ hostPath, containerPath }] : [],
    );
}

function portsOf(node: Readonly<Record<string, unknown>>): NodePort[] {
  return listOf(node.extraPortMappings)
    .map(mapOf)
    .flatMap(({ hostPort, containerPort, protocol, listenAddress }) =>
      typeof hostPort === 'number' && typeof containerPort === 'number'
        ? [
            {
              hostPort,
              containerPort,
              protocol: typeof protocol === 'string' ? protocol.toUpperCase() : 'TCP',
              ...(typeof listenAddress === 'string' ? { listenAddress } : {}),
            },
          ]
        : [],
    );
}

/** Labels that the kubelet sets on its node, and those of kind's own key `labels`. */
function labelsOf(node: Readonly<Record<string, unknown>>): string[] {
  const fromPatches = listOf(node.kubeadmConfigPatches).flatMap((patch) => {
    const found = typeof patch === 'string' ? /node-labels:\s*["']?([^"'\n]+)/.exec(patch)?.[1] : undefined;
    return found === undefined ? [] : found.split(',').map((label) => label.trim());
  });
  const own = Object.entries(mapOf(node.labels)).flatMap(([key, value]) =>
    typeof value === 'string' ? [`${key}=${value}`] : [],
  );
  return [...fromPatches, ...own].filter((label) => label !== '');
}

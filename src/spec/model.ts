import type { YamlFile } from '../system/yaml.js';
import type { DeployTarget } from './schema.js';
import type { SecretSources } from './secret-sources.js';

/** CPUs, memory and storage as they are written: Kubernetes quantities pass unchanged. */
export interface Amounts {
  cpus?: string;
  memory?: string;
  storage?: string;
}

export interface ResourceBounds {
  limits?: Amounts;
  reservations?: Amounts;
}

/** Bounds for all, and those of single containers or volumes, which win. */
export interface ResourceSection {
  all: ResourceBounds;
  named: ReadonlyMap<string, ResourceBounds>;
}

export interface Resources {
  containers: ResourceSection;
  volumes: ResourceSection;
}

export interface HttpProxy {
  hostName: string;
  routes: readonly { path: string; service: string; port: number }[];
  /** Secret of the cluster with the host's certificate. */
  tlsSecret?: string;
  /** ClusterIssuer of cert-manager that makes it. */
  issuer?: string;
  /** `tls: false`: it gets none. */
  withoutTls?: true;
}

/** A taint of nodes on which pods may run all the same, in the words of Kubernetes. */
export interface Toleration {
  /** Absent: every taint. */
  key?: string;
  operator: 'Equal' | 'Exists';
  value?: string;
  /** Absent: every effect. */
  effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
  /** How long a running pod stays. */
  tolerationSeconds?: number;
}

export interface Security {
  privileged: boolean;
  capabilities: readonly string[];
  unlimitedMemlock: boolean;
  runtimeClass?: string;
}

export interface ImagePullSecret {
  server: string;
  username: string;
  tokenEnv?: string;
  tokenFile?: string;
}

/** A service outside the deployment: one of three ways to find it, the first that is given. */
export type ExternalService = { port: number } & (
  | { kind: 'host'; host: string }
  | { kind: 'ip'; ip: string }
  | { kind: 'selector'; selector: ReadonlyMap<string, string>; namespace: string }
);

/** `spec.yml`, checked: every key there is. Sections that are null or missing are empty. Paths are as written. */
export interface Spec {
  readonly yaml: YamlFile;
  readonly stack: string;
  readonly deployTo: DeployTarget;
  /** Values as text: strings by value, numbers and booleans as they are written. May hold `$generate:` tokens. */
  readonly config: ReadonlyMap<string, string>;
  readonly credentialsFiles: readonly string[];
  /** Path by volume; undefined leaves the volume to the target. */
  readonly volumes: ReadonlyMap<string, string | undefined>;
  /** Source by volume; undefined means the stack's own `config/<name>`. */
  readonly configmaps: ReadonlyMap<string, string | undefined>;
  /** Ports by service, in the place of the compose file's; an empty list removes them. */
  readonly ports: ReadonlyMap<string, readonly string[]>;
  readonly httpProxy: readonly HttpProxy[];
  readonly acmeEmail?: string;
  /** Absent: `caddy`. */
  readonly ingressClass?: string;
  /**
   * Names of Secrets whose keys are variables of every container: they exist in the cluster, or are made from
   * `secretSources`.
   */
  readonly secrets: readonly string[];
  /** Absent: none has sources. */
  readonly secretSources?: SecretSources;
  readonly resources: Resources;
  readonly security: Security;
  readonly annotations: ReadonlyMap<string, string>;
  readonly labels: ReadonlyMap<string, string>;
  readonly replicas?: number;
  readonly nodeAffinities: readonly { label: string; value: string }[];
  readonly nodeTolerations: readonly Toleration[];
  readonly kubeConfig?: string;
  readonly imageRegistry?: string;
  readonly imagePullSecret?: ImagePullSecret;
  readonly imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  readonly imageOverrides: ReadonlyMap<string, string>;
  readonly namespace?: string;
  readonly kindClusterName?: string;
  readonly kindNodeImage?: string;
  /** Address of this host on which the kind cluster's ports are. Absent: all. */
  readonly kindListenAddress?: string;
  /** Ports of this host for the ingress controller of the kind cluster. Absent: 80 and 443. */
  readonly kindHttpPort?: number;
  readonly kindHttpsPort?: number;
  readonly kindMountRoot?: string;
  readonly caddyIngressImage?: string;
  readonly maintenanceService?: { service: string; port: number };
  readonly externalServices: ReadonlyMap<string, ExternalService>;
  readonly caCertificates: readonly string[];
}

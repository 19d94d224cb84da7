import type { YamlFile } from '../system/yaml/yaml.js';
import type { DeployTarget } from './schema.js';
import type { SecretSources } from './secret-sources.js';

/** CPUs, memory and storage as written: Kubernetes quantities are passed on unchanged. */
export interface Amounts {
  cpus?: string;
  memory?: string;
  storage?: string;
}

export interface ResourceBounds {
  limits?: Amounts;
  reservations?: Amounts;
}

/** Bounds for all containers or volumes, and overrides for single ones. */
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
  /** Name of the cluster's Secret with the certificate of the host. */
  tlsSecret?: string;
  /** The cert-manager ClusterIssuer that issues the certificate. */
  issuer?: string;
  /** `tls: false`: no certificate is used. */
  withoutTls?: true;
}

/** A Kubernetes toleration of node taints. */
export interface Toleration {
  /** Absent: every taint. */
  key?: string;
  operator: 'Equal' | 'Exists';
  value?: string;
  /** Absent: every effect. */
  effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
  /** How long a running pod stays, in seconds. */
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

/** A service outside the deployment, found in one of three ways; the first one given is used. */
export type ExternalService = { port: number } & (
  | { kind: 'host'; host: string }
  | { kind: 'ip'; addresses: readonly string[] }
  | { kind: 'selector'; selector: ReadonlyMap<string, string>; namespace: string }
);

/** A validated `spec.yml` with all its keys. Null and missing sections are empty. Paths are as written. */
export interface Spec {
  readonly yaml: YamlFile;
  readonly stack: string;
  readonly deployTo: DeployTarget;
  /** Values as text: strings by value, numbers and booleans as they are written. May hold `$generate:` tokens. */
  readonly config: ReadonlyMap<string, string>;
  readonly credentialsFiles: readonly string[];
  /** Path by volume; undefined leaves the location to the target. */
  readonly volumes: ReadonlyMap<string, string | undefined>;
  /** Source by volume; undefined means the stack's own `config/<name>`. */
  readonly configmaps: ReadonlyMap<string, string | undefined>;
  /** Ports by service, replacing those of the compose file; an empty list removes them. */
  readonly ports: ReadonlyMap<string, readonly string[]>;
  readonly httpProxy: readonly HttpProxy[];
  readonly acmeEmail?: string;
  /** Absent: `caddy`. */
  readonly ingressClass?: string;
  /**
   * Names of Secrets whose keys become variables of every container: they exist in the cluster, or are created from
   * `secretSources`.
   */
  readonly secrets: readonly string[];
  /** Absent: no Secret has sources. */
  readonly secretSources?: SecretSources;
  readonly resources: Resources;
  readonly security: Security;
  readonly annotations: ReadonlyMap<string, string>;
  readonly labels: ReadonlyMap<string, string>;
  /** Absent: one pod per compose file where that is possible. */
  readonly pods?: 'per-service';
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
  /** The address of this host that the kind cluster's ports listen on. Absent: all. */
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

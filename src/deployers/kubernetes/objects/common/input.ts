import type { ComposeModel } from '../../../../compose/model/types.js';
import type { Spec } from '../../../../spec/model.js';
import type { Problem } from '../../../../system/errors.js';
import type { Identity } from './identity.js';

/** Everything that the objects of a deployment are built from; nothing else is read or asked for. */
export interface ObjectsInput extends Identity {
  readonly target: 'k8s-kind' | 'k8s';
  readonly spec: Spec;
  /** In the stack's order. */
  readonly podFiles: readonly PodFileInput[];
  readonly jobs: readonly PodFileInput[];
  /** Variables of `config.env`, parsed by Compose's rules. */
  readonly config: ReadonlyMap<string, string>;
  /** Variables of `secrets.env`: generated secrets by name. */
  readonly generatedSecrets: ReadonlyMap<string, string>;
  /**
   * Variables of `config` that came from credentials files and are stored in a Secret; empty for a directory whose
   * record does not mark them. Unlike the others they reach only containers that mention them, unless `environment` is
   * `all`.
   */
  readonly credentials: ReadonlyMap<string, string>;
  /** `mentioned`: only services whose text mentions a variable get it; `all`: all services do, in old directories. */
  readonly envPolicy: 'mentioned' | 'all';
  /** Names of `config` and `generated` that no compose file of the stack mentions: every container gets them. */
  readonly unmentioned: ReadonlySet<string>;
  /** Content of declared configmaps by volume name. */
  readonly configmaps: ReadonlyMap<string, FileContents>;
  /** Content of bind mounts, and of files of secrets and configs, by the path in the compose file. */
  readonly boundFiles: ReadonlyMap<string, BoundFile>;
  /** Image by service (or container) name: the spec's `image-overrides`, then `--image`. */
  readonly imageOverrides: ReadonlyMap<string, string>;
  /** By image reference: the engine's image id for `:local` images on kind, the digest for pushed images. */
  readonly imageVersions: ReadonlyMap<string, string>;
  /**
   * Valid certificates of cert-manager in the namespace, on clusters other than kind. Empty if they were not looked up.
   */
  readonly certificates: readonly FoundCertificate[];
  /** Certificates of the authorities that the spec names, and the file with all of them, by file name. */
  readonly caCertificates: FileContents;
  /** Addresses of the pods that external services select, by service; absent if they were not looked up. */
  readonly selectedAddresses?: ReadonlyMap<string, readonly string[]>;
  /** Values of the spec's `secrets` that have sources, by Secret name and key; only those that could be read. */
  readonly secretValues?: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Token of `image-pull-secret`; absent if the spec has none or it could not be read. */
  readonly registryToken?: string;
}

/** One pod or job: a compose file, or a part of one (see podsOf). */
export interface PodFileInput {
  /**
   * The name of the compose file, without `docker-compose-` and the extension; for a part of it followed by its main
   * service.
   */
  readonly name: string;
  /** The same for all pods that have to run on one node, as they share a volume; absent: it may run on any. */
  readonly nodeGroup?: string;
  /** A pod of the stack that runs to its end: a Job that runs at the start, and again when it changes. */
  readonly oneShot?: boolean;
  readonly model: ComposeModel;
  /** Variable names by the service that mentions them; those of the rest of the file under `outsideServices`. */
  readonly mentions: ReadonlyMap<string, ReadonlySet<string>>;
}

/** A certificate in the cluster that can be used for a host. */
export interface FoundCertificate {
  /** The Secret it is in. */
  readonly secret: string;
  /** Host names; `*.example.org` matches names with one more label. */
  readonly names: readonly string[];
  /** The Ingress for which cert-manager created it. */
  readonly ingress?: string;
}

/** Contents of files by path below their folder. */
export type FileContents = ReadonlyMap<string, Buffer>;

/** The content of a path on the host. */
export type BoundFile = (
  | { kind: 'file'; name: string; content: Buffer }
  | { kind: 'directory'; files: FileContents }
) & {
  /** Modes by path below the folder, of files that are not readable by everybody. */
  modes?: ReadonlyMap<string, number>;
};

/** What could not be mapped: an error if it would change what runs, else a warning. */
export interface Findings {
  readonly errors: Problem[];
  readonly warnings: Problem[];
}

import type { ComposeModel } from '../../../compose/model/types.js';
import type { Spec } from '../../../spec/model.js';
import type { Problem } from '../../../system/errors.js';

/** Everything the objects of a deployment are made from; nothing else is read or asked. */
export interface ObjectsInput {
  /** `deployment-id`: prefix of every object's name, value of the label `app`. */
  readonly app: string;
  /** Last part of the spec's `stack`; empty when there is none. */
  readonly stack: string;
  readonly namespace: string;
  /** The deployment directory, absolute: written into the namespace's annotation. */
  readonly directory: string;
  readonly target: 'k8s-kind' | 'k8s';
  readonly spec: Spec;
  /** In the stack's order. */
  readonly pods: readonly PodInput[];
  readonly jobs: readonly PodInput[];
  /** Variables of `config.env`, read by Compose's rules. */
  readonly config: ReadonlyMap<string, string>;
  /** Variables of `secrets.env`: generated secrets by name. */
  readonly generated: ReadonlyMap<string, string>;
  /**
   * Those of `config` that came from credentials files and that a Secret holds; none in a directory whose record does
   * not say so. Unlike the others they reach only containers that mention them, unless `environment` is `all`.
   */
  readonly credentials: ReadonlyMap<string, string>;
  /** `mentioned`: only services whose text names a variable get it; `all`: old directories. */
  readonly environment: 'mentioned' | 'all';
  /** Names of `config` and `generated` that no compose file of the stack mentions: every container gets them. */
  readonly unmentioned: ReadonlySet<string>;
  /** Content of declared configmaps by volume name: file name and bytes. */
  readonly configmaps: ReadonlyMap<string, FileContents>;
  /** Content of what is bind-mounted, and of files of secrets and configs, by the path as the compose file has it. */
  readonly files: ReadonlyMap<string, BoundFile>;
  /** Image by service (or container) name: the spec's `image-overrides`, then `--image`. */
  readonly images: ReadonlyMap<string, string>;
  /** By image reference: id in this host's engine of `:local` images on kind, digest of what was pushed. */
  readonly imageIds: ReadonlyMap<string, string>;
  /** Valid certificates of cert-manager in the namespace, on clusters other than kind. None where nobody asked. */
  readonly certificates: readonly FoundCertificate[];
  /** Values of the spec's `secrets` that have sources, by key, by the name of the Secret; those that could be read. */
  readonly secretValues?: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Token of `image-pull-secret`; absent when the spec has none or it could not be read. */
  readonly registryToken?: string;
}

/** One pod or job of the stack. */
export interface PodInput {
  /** The name of the compose file, without `docker-compose-` and the extension. */
  readonly name: string;
  readonly model: ComposeModel;
  /** Names of variables by the service that mentions them; those of the rest of the file under `outsideServices`. */
  readonly mentions: ReadonlyMap<string, ReadonlySet<string>>;
}

/** A certificate of the cluster that a host can be served with. */
export interface FoundCertificate {
  /** The Secret it is in. */
  readonly secret: string;
  /** Host names; `*.example.org` stands for those of one more label. */
  readonly names: readonly string[];
  /** The Ingress for which cert-manager made it. */
  readonly ingress?: string;
}

export type FileContents = ReadonlyMap<string, Buffer>;

/** What a path on the host holds. */
export type BoundFile = (
  | { kind: 'file'; name: string; content: Buffer }
  | { kind: 'directory'; files: FileContents }
) & {
  /** Modes by file name, of those that not everybody may read. */
  modes?: ReadonlyMap<string, number>;
};

/** What could not be mapped: an error where it would change what runs, else a warning. */
export interface Findings {
  readonly errors: Problem[];
  readonly warnings: Problem[];
}

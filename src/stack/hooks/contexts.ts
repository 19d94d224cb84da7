import type { Context } from '../../system/context.js';

/** A hook module: `deploy/commands.py` (Python), `deploy/commands.mjs` or `deploy/commands.js` (JavaScript). */
export interface HookSource {
  /** Absolute path of the module. */
  readonly file: string;
  readonly language: 'python' | 'javascript';
  /** Names of other hook files beside it, which are not used. */
  readonly unused?: readonly string[];
}

/** The functions of a hook module; each is optional. */
export type HookName = 'init' | 'setup' | 'create' | 'start';

/** The compose side of a command, as hooks see it. */
export interface ClusterContext {
  /** The compose project name. */
  readonly cluster: string;
  readonly composeFiles: readonly string[];
  readonly preStartCommands: readonly string[];
  readonly postStartCommands: readonly string[];
  /** The stack's own `config:` map, or null. */
  readonly config: unknown;
  readonly envFile: string | null;
  readonly jobComposeFiles: readonly string[] | null;
}

/** First argument of `init` and `setup`. Serialisable as JSON. */
export interface DeployCommandContext {
  /** The resolved path of the stack. */
  readonly stack: string;
  readonly clusterContext: ClusterContext;
  /** `type` is the value of `--deploy-to`: `compose`, `k8s-kind` or `k8s`. */
  readonly deployer: { readonly type: string };
}

/** Second argument of `setup`: the options of `deploy setup`; options not given are null. */
export interface SetupParameters {
  readonly chainId: string | null;
  readonly nodeMoniker: string | null;
  readonly keyName: string | null;
  readonly initializeNetwork: boolean;
  readonly joinNetwork: boolean;
  readonly connectNetwork: boolean;
  readonly createNetwork: boolean;
  /** `--gentx-files`, as typed. */
  readonly gentxFileList: string | null;
  /** `--gentx-addresses`, as typed. */
  readonly gentxAddressList: string | null;
  readonly genesisFile: string | null;
  readonly networkDir: string | null;
}

/** First argument of `create` and `start`. Serialisable as JSON. */
export interface DeploymentContext {
  /** Absolute path of the deployment directory. */
  readonly deploymentDir: string;
  /** The cluster-id. */
  readonly id: string;
  readonly deploymentId: string;
  /** The namespace of its objects on Kubernetes; null on Compose. */
  readonly namespace: string | null;
  /** `spec.yml`, parsed. */
  readonly spec: Readonly<Record<string, unknown>>;
  /** The spec's `stack:` string and the deployment's `stack.yml`, parsed. */
  readonly stack: { readonly name: string; readonly obj: Readonly<Record<string, unknown>> };
  readonly paths: DeploymentPaths;
}

/** Absolute paths of the files of a deployment. */
export interface DeploymentPaths {
  readonly stackFile: string;
  readonly specFile: string;
  /** `config.env`. */
  readonly envFile: string;
  readonly deploymentFile: string;
  readonly composeDir: string;
}

/** Whether a `create` hook runs for a new deployment, or for an update of an existing one. */
export type CreateMode = 'create' | 'update';

/** The arguments of each hook. */
export interface HookCalls {
  readonly init: { readonly context: DeployCommandContext };
  readonly setup: {
    readonly context: DeployCommandContext;
    readonly parameters: SetupParameters;
    /** The positional arguments of `deploy setup`. */
    readonly extraArgs: readonly string[];
  };
  readonly create: {
    readonly context: DeploymentContext;
    readonly mode: CreateMode;
    /** `[network_dir, initial_peers, *positional]`; the first two are null when not given. */
    readonly extraArgs: readonly (string | null)[];
  };
  readonly start: { readonly context: DeploymentContext };
}

/** One host path mounted at one path of a container. */
export interface VolumeMapping {
  readonly hostPath: string;
  readonly containerPath: string;
}

/** What the caller provides to a running hook. */
export interface HookServices {
  /** Options (passed to the hook; `debug` adds tracebacks to errors), working directory, environment, cancellation. */
  readonly context: Context;
  /** Variables for the hook in addition to the program's environment, such as KUBECONFIG. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Runs `sh -c <command>` in a new container of the image of this service; resolves to its stdout. A rejection reaches
   * the hook as an exception with the same message.
   */
  runContainerCommand(service: string, command: string, mounts: readonly VolumeMapping[]): Promise<string>;
}

/** The result of a call that did not fail. */
export interface HookOutcome {
  /** False: the module has no such function, and nothing was called. */
  readonly called: boolean;
  /**
   * What `init` returned: a plain map, or undefined if it returned nothing; undefined for other hooks. A number that
   * JavaScript would write differently (`1.10`, `0440`, more than 2^53) is given as text.
   */
  readonly result: Readonly<Record<string, unknown>> | undefined;
}

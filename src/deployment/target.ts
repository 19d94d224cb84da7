import type { ComposeFile } from '../compose/file.js';
import type { SecretCopy } from '../spec/lost-secrets.js';
import type { DeployTarget, Spec } from '../spec/parse.js';
import type { StackAssets } from '../stack/assets.js';
import type { Stack } from '../stack/parse.js';
import type { Context } from '../system/context.js';
import type { Problem } from '../system/errors.js';
import type { Deployment } from './open.js';
import type { DeploymentRecord } from './record.js';
import type { GeneratedFile } from './tree.js';

/** The generator of a target; undefined for Docker Compose, which needs nothing more. */
export type TargetGenerators = (deployTo: DeployTarget, context: Context) => Promise<TargetGenerator | undefined>;

/**
 * What a target other than Docker Compose adds to a deployment directory. The deployers implement it, the commands hand
 * it in: this folder does not know which targets there are.
 */
export interface TargetGenerator {
  /** The cluster of this host that a new deployment joins; undefined: it gets one of its own. */
  existingCluster(spec: Spec): Promise<string | undefined>;
  /** The target's own files, and what of the stack it cannot run. Nothing is written. */
  generate(input: TargetInput): Promise<TargetFiles>;
  /**
   * Refuses a new directory whose compose files name what its create hooks, too, did not bring.
   * @param fileName how messages name a file of the directory
   * @throws InvalidFileError
   */
  refuseMissing(deployment: Deployment, fileName: (path: string) => string): Promise<void>;
  hookCluster(deployment: Deployment): Promise<HookCluster>;
  /**
   * The generated secrets that the cluster holds of the deployment; undefined when it holds none. @throws LaconicError
   * when it does not answer
   */
  generatedSecrets(deployment: Deployment): Promise<SecretCopy | undefined>;
}

/** What hooks are given of the cluster that a deployment runs in. */
export interface HookCluster {
  /** A kubeconfig with this cluster only; empty when there is none yet. */
  kubeconfig: string;
  namespace: string;
}

export interface TargetInput {
  /** Absolute path the directory has, or will have. */
  root: string;
  record: DeploymentRecord;
  spec: Spec;
  stack: Stack;
  assets: StackAssets;
  /** The compose files of pods and jobs by their path in the directory, as they were in the stack. */
  composeFiles: readonly { path: string; owner: string; file: ComposeFile }[];
  /** What is generated for every target. */
  files: readonly GeneratedFile[];
  /** Directories that exist for every target even when empty, relative. */
  directories: readonly string[];
  /** Where relative paths of the spec start. */
  cwd: string;
  /** False for a directory that the Python program made. */
  ours: boolean;
}

export interface TargetFiles {
  files: GeneratedFile[];
  directories: string[];
  /** What cannot run as it is: nothing is created or changed then. */
  errors: Problem[];
  warnings: Problem[];
}

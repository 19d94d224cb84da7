import type { ComposeFile } from '../../compose/document/file.js';
import type { SecretCopy } from '../../spec/lost-secrets.js';
import type { DeployTarget, Spec } from '../../spec/parse.js';
import type { StackAssets } from '../../stack/assets.js';
import type { Stack } from '../../stack/parse.js';
import type { Context } from '../../system/context.js';
import type { Problem } from '../../system/errors.js';
import type { Deployment } from './open.js';
import type { DeploymentRecord } from '../directory/record.js';
import type { GeneratedFile } from '../directory/tree.js';

/** Returns the generator of a target; undefined for Docker Compose, which needs nothing else. */
export type TargetGenerators = (deployTo: DeployTarget, context: Context) => Promise<TargetGenerator | undefined>;

/**
 * What a target other than Docker Compose adds to a deployment directory. The deployers implement it and the commands
 * pass it in, so that this folder does not depend on the targets.
 */
export interface TargetGenerator {
  /** The cluster on this host that a new deployment joins; undefined: it gets its own. */
  existingCluster(spec: Spec): Promise<string | undefined>;
  /** Generates the target's own files, and finds what it cannot run of the stack. Nothing is written. */
  generate(input: TargetInput): Promise<TargetFiles>;
  /**
   * Refuses a new directory whose compose files name files that its create hooks did not provide either.
   * @param fileName returns the name of a file of the directory in messages
   * @throws InvalidFileError
   */
  refuseMissing(deployment: Deployment, fileName: (path: string) => string): Promise<void>;
  hookCluster(deployment: Deployment): Promise<HookCluster>;
  /**
   * Returns the generated secrets of the deployment in the cluster; undefined if there are none.
   * @throws LaconicError if the cluster does not answer
   */
  generatedSecrets(deployment: Deployment): Promise<SecretCopy | undefined>;
}

/** The deployment's cluster, as passed to hooks. */
export interface HookCluster {
  /** A kubeconfig with only this cluster; empty if it does not exist yet. */
  kubeconfig: string;
  namespace: string;
}

export interface TargetInput {
  /** Absolute path of the directory, which need not exist yet. */
  root: string;
  record: DeploymentRecord;
  spec: Spec;
  stack: Stack;
  assets: StackAssets;
  /** The compose files of pods and jobs by their path in the directory, with the content from the stack. */
  composeFiles: readonly { path: string; owner: string; file: ComposeFile }[];
  /** The files generated for every target. */
  files: readonly GeneratedFile[];
  /** Directories that exist for every target even when empty, relative. */
  directories: readonly string[];
  /** Where relative paths of the spec start. */
  cwd: string;
  /** False for a directory that the Python program created. */
  ours: boolean;
}

export interface TargetFiles {
  files: GeneratedFile[];
  directories: string[];
  /** What cannot run as it is: nothing is created or changed then. */
  errors: Problem[];
  warnings: Problem[];
}

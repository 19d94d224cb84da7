import type { ServiceChanges } from '../../compose/fingerprint.js';
import type { Deployment } from '../access/open.js';
import type { DeploymentFiles } from '../directory/files.js';

/** The effect of `--update` or `restart` on a directory. */
export interface UpdateOutcome {
  /** Changed files and directories, without laconic-so's own state; sorted paths relative to the directory. */
  paths: readonly ChangedPath[];
  /** Absent: unknown without the engine. */
  services?: ServiceChanges;
  /** Only in a dry run, which changes nothing. */
  planned?: PlannedUpdate;
}

/** What a dry run knows of an update besides its effect. */
export interface PlannedUpdate {
  /** The future deployment, except for changes by its create hooks. */
  after: PlannedDeployment;
  /** Paths of files that were edited in the directory. */
  edited: readonly string[];
  /** The create hooks, as `create of <file>`. */
  hooks: readonly string[];
}

/** A deployment with the files of its directory, before they are written. */
export interface PlannedDeployment {
  readonly deployment: Deployment;
  readonly files: DeploymentFiles;
}

export interface ChangedPath {
  path: string;
  change: 'changed' | 'new' | 'removed' | 'permissions';
}

import { basename, dirname, join } from 'node:path';

/** Absolute paths of everything in a deployment directory that this program knows. */
export interface DeploymentLayout {
  readonly root: string;
  readonly spec: string;
  readonly stack: string;
  readonly deployment: string;
  readonly configEnv: string;
  /** Generated secrets, mode 0600. */
  readonly secretsEnv: string;
  readonly compose: string;
  readonly composeJobs: string;
  readonly pods: string;
  readonly config: string;
  readonly hooks: string;
  readonly data: string;
  readonly configmaps: string;
  /** State of laconic-so: lock, journal, manifest, history. */
  readonly state: string;
  readonly lock: string;
  readonly incomplete: string;
  /** Where `create` builds the directory, and moves what it discards. */
  readonly staging: string;
  /** The lock of `create`, beside the future directory. */
  readonly createLock: string;
  readonly journal: string;
  /** New files of an update, before they are renamed into place. */
  readonly next: string;
  readonly manifest: string;
  readonly history: string;
  /** A copy of `secrets.env` as last written, to restore a lost one. */
  readonly secretsCopy: string;
  /** The arguments of `deploy create`, which updates pass to the hooks again. */
  readonly createArguments: string;
  /** Checksums of bind-mounted files when the containers were created. */
  readonly started: string;
  /** Identifies this directory, to detect copies of it. */
  readonly place: string;
  /** Directories that shared the Compose project with this one at the last `split`, one per line. */
  readonly sharers: string;
  /** Compose file with the images of `restart --image`; in force until the next restart. */
  readonly images: string;
  /** Checksums of the stack's files that the directory was generated from. */
  readonly sources: string;
  /** Warnings of the last create or update, which later commands do not repeat. */
  readonly reportedWarnings: string;
  /**
   * Values of the spec's `secrets` with sources, as read by the last start (mode 0600); a folder with those of each
   * service; and the compose file that passes them on.
   */
  readonly sourcedSecrets: string;
  readonly sourcedSecretsFolder: string;
  readonly sourcedSecretsOverride: string;
  /** Digests of the images last pushed by `push-images`. */
  readonly pushedImages: string;
  readonly composeFile: (pod: string) => string;
  readonly jobFile: (job: string) => string;
  readonly podScript: (pod: string, script: string) => string;
}

/** See {@link DeploymentLayout.secretsCopy}; relative to the deployment directory. */
export const secretsCopyPath = join('.laconic', 'history', 'secrets.env');

/** Returns the layout of the deployment directory at `root` (absolute; its spelling is kept). */
export function layoutOf(root: string): DeploymentLayout {
  const state = join(root, '.laconic');
  const compose = join(root, 'compose');
  const composeJobs = join(root, 'compose-jobs');
  const pods = join(root, 'pods');
  return {
    root,
    spec: join(root, 'spec.yml'),
    stack: join(root, 'stack.yml'),
    deployment: join(root, 'deployment.yml'),
    configEnv: join(root, 'config.env'),
    secretsEnv: join(root, 'secrets.env'),
    compose,
    composeJobs,
    pods,
    config: join(root, 'config'),
    hooks: join(root, 'hooks'),
    data: join(root, 'data'),
    configmaps: join(root, 'configmaps'),
    state,
    lock: join(state, 'lock'),
    incomplete: join(state, 'incomplete'),
    staging: join(dirname(root), `.${basename(root)}.laconic-new`),
    createLock: join(dirname(root), `.${basename(root)}.laconic-lock`),
    journal: join(state, 'journal.json'),
    next: join(state, 'next'),
    manifest: join(state, 'manifest.json'),
    history: join(state, 'history'),
    secretsCopy: join(root, secretsCopyPath),
    createArguments: join(state, 'create.json'),
    started: join(state, 'started.json'),
    place: join(state, 'place.json'),
    sharers: join(state, 'sharers'),
    images: join(state, 'images.yml'),
    sources: join(state, 'sources.json'),
    reportedWarnings: join(state, 'reported-warnings.json'),
    sourcedSecrets: join(state, 'sourced-secrets.env'),
    sourcedSecretsFolder: join(state, 'sourced-secrets'),
    sourcedSecretsOverride: join(state, 'sourced-secrets.yml'),
    pushedImages: join(state, 'pushed-images.json'),
    composeFile: (pod) => join(compose, `docker-compose-${pod}.yml`),
    jobFile: (job) => join(composeJobs, `docker-compose-${job}.yml`),
    podScript: (pod, script) => join(pods, pod, 'scripts', script),
  };
}

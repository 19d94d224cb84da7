import { basename, dirname, join } from 'node:path';

/** Every path inside a deployment directory that this program knows, absolute. */
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
  /** Our own state: lock, journal, manifest, history. */
  readonly state: string;
  readonly lock: string;
  readonly incomplete: string;
  /** Where `create` builds the directory, and where it puts what it gives up. */
  readonly staging: string;
  /** The lock of `create`, beside the directory that does not exist yet. */
  readonly createLock: string;
  readonly journal: string;
  /** New files of an update, before they are renamed into place. */
  readonly next: string;
  readonly manifest: string;
  readonly history: string;
  /** A copy of `secrets.env` as it was last written: from it a lost one can be put back. */
  readonly secretsCopy: string;
  /** The arguments `deploy create` was given, passed to the hooks again on update. */
  readonly createArguments: string;
  /** Checksums of bind-mounted files as the containers were created with. */
  readonly started: string;
  /** Which directory this is, so that a copy is known as one. */
  readonly place: string;
  /** Directories that shared the Compose project with this one as the last `split` found it, one per line. */
  readonly sharers: string;
  /** Compose file with the images of `restart --image`; in force until the next restart. */
  readonly images: string;
  /** Checksums of the files of the stack that the directory was made from. */
  readonly sources: string;
  /** Warnings of the last create or update, which later commands do not repeat. */
  readonly reportedWarnings: string;
  /**
   * Values of the spec's `secrets` with sources as the last start read them, 0600; the same for each service, and the
   * compose file that hands them over.
   */
  readonly sourcedSecrets: string;
  readonly sourcedSecretsFolder: string;
  readonly sourcedSecretsOverride: string;
  /** Digests of what `push-images` last pushed. */
  readonly pushedImages: string;
  readonly composeFile: (pod: string) => string;
  readonly jobFile: (job: string) => string;
  readonly podScript: (pod: string, script: string) => string;
}

/** See {@link DeploymentLayout.secretsCopy}; relative to the directory. */
export const secretsCopyPath = join('.laconic', 'history', 'secrets.env');

/** The layout of the deployment directory at `root` (absolute; its spelling is kept). */
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

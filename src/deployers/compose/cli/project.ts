/** A set of compose files as one Compose project, with everything for a call of `docker compose`. */
export interface ComposeProject {
  /** Compose project name: prefix of containers, networks and volumes. */
  readonly name: string;
  /** The value of `--stack` for this stack, for messages. */
  readonly stack: string;
  /**
   * Absolute paths of the compose files in pod order. Their spelling matters: Compose hashes bind paths derived from
   * them.
   */
  readonly files: readonly string[];
  /** Absolute path of each job's compose file, by job name. */
  readonly jobFiles: ReadonlyMap<string, string>;
  /** Files that are merged over those of {@link jobFiles}, by job name. */
  readonly jobOverrides?: ReadonlyMap<string, string>;
  /** `--env-file` arguments in order; later ones override earlier ones. */
  readonly envFiles: readonly string[];
  /** The complete process environment for `docker compose`, without names that the spec sets. */
  readonly env: NodeJS.ProcessEnv;
  /** Variables without a value that were reported when the deployment was created or updated. */
  readonly reportedUnset?: ReadonlySet<string>;
  /** `--host=…` and the like, if `env` cannot select the engine because the spec sets such a name. */
  readonly dockerFlags?: readonly string[];
}

/** The compose files of a job; empty if there is no such job. */
export function filesOfJob({ jobFiles, jobOverrides }: ComposeProject, job: string): string[] {
  return [jobFiles.get(job), jobOverrides?.get(job)].filter((file) => file !== undefined);
}

/** Arguments of `docker` that select this project: `compose --file … --env-file … --project-name …`. */
export function composeArguments(project: ComposeProject): string[] {
  return [
    ...(project.dockerFlags ?? []),
    'compose',
    ...project.files.flatMap((file) => ['--file', file]),
    ...project.envFiles.flatMap((file) => ['--env-file', file]),
    '--project-name',
    project.name,
  ];
}

/** A set of compose files as one Compose project: all a call of `docker compose` needs. */
export interface ComposeProject {
  /** Compose project name: prefix of containers, networks and volumes. */
  readonly name: string;
  /** Absolute compose files in pod order. Their spelling matters: Compose hashes bind paths made from it. */
  readonly files: readonly string[];
  /** Absolute compose file of each job, by job name. */
  readonly jobFiles: ReadonlyMap<string, string>;
  /** Files that are merged over those of {@link jobFiles}, by job name. */
  readonly jobOverrides?: ReadonlyMap<string, string>;
  /** `--env-file` arguments in order; later ones win. */
  readonly envFiles: readonly string[];
  /** The whole process environment for `docker compose`: names the spec sets are removed from it. */
  readonly env: NodeJS.ProcessEnv;
  /** Variables without a value that were reported when the deployment was created or updated. */
  readonly reportedUnset?: ReadonlySet<string>;
  /** `--host=…` and the like, where `env` cannot say which engine is meant because the spec sets such a name. */
  readonly dockerFlags?: readonly string[];
}

/** The compose files of a job; none when there is no such job. */
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

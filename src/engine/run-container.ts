import { runOrFail } from '../system/process/process.js';

/** A host directory or file mounted into a container. */
export interface ContainerMount {
  hostPath: string;
  containerPath: string;
}

/**
 * Runs `sh -c <command>` in a new container of an image, publishing no ports, and removes it afterwards.
 * @returns its stdout
 * @throws CommandFailedError with the container's stderr if it exits with a code other than 0
 */
export async function runInFreshContainer(
  image: string,
  command: string,
  mounts: readonly ContainerMount[],
  options: { env: NodeJS.ProcessEnv; signal: AbortSignal },
): Promise<string> {
  const volumes = mounts.flatMap((mount) => ['--volume', `${mount.hostPath}:${mount.containerPath}`]);
  const args = ['container', 'run', '--rm', '--entrypoint', 'sh', ...volumes, image, '-c', command];
  const result = await runOrFail(`a command in a container of ${image} failed`, 'docker', args, options);
  return result.stdout;
}

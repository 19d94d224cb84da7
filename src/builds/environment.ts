import { join } from 'node:path';
import type { GlobalOptions } from '../system/context.js';

/** What a build was asked for beyond its name. */
export interface BuildOptions {
  forceRebuild: boolean;
  include?: string | undefined;
  exclude?: string | undefined;
  /** Words for `docker build`, split by the build scripts. */
  extraBuildArgs?: string | undefined;
}

/**
 * The environment of a build script (05 §6.3): the caller's, so that proxies, docker contexts and agents work
 * (weakness 19), plus the documented names. Tokens and registries of npm are not set here.
 */
export function buildEnvironment(
  image: string,
  paths: { packageDirectory: string; repositoryBase: string },
  options: BuildOptions,
  caller: { env: NodeJS.ProcessEnv; options: GlobalOptions },
): NodeJS.ProcessEnv {
  return {
    ...caller.env,
    CERC_REPO_BASE_DIR: paths.repositoryBase,
    CERC_CONTAINER_BASE_DIR: join(paths.packageDirectory, 'containers'),
    CERC_HOST_UID: String(process.getuid?.() ?? 0),
    CERC_HOST_GID: String(process.getgid?.() ?? 0),
    CERC_DEFAULT_CONTAINER_IMAGE_TAG: image,
    ...(caller.options.debug ? { CERC_SCRIPT_DEBUG: 'true' } : {}),
    ...(options.forceRebuild ? { CERC_FORCE_REBUILD: 'true' } : {}),
    ...(options.extraBuildArgs ? { CERC_CONTAINER_EXTRA_BUILD_ARGS: options.extraBuildArgs } : {}),
  };
}

import { regenerateEnvironment } from '../../deployment/update/update-environment.js';
import type { Context } from '../../system/context.js';
import { requireSources } from '../secrets/read-secret-sources.js';
import { deployerFor, requireUpdateEnvs } from './choose-deployer.js';
import { type Target, withLockedDeployment } from './open.js';
import { targetGenerator } from './target-generators.js';

/**
 * `update-envs`: regenerates `config.env` from the deployment's spec, and recreates the containers that are affected.
 */
export async function updateEnvironment(
  target: Target,
  options: { rotateSecret: readonly string[]; acceptLiteralValues: boolean },
  context: Context,
): Promise<void> {
  await withLockedDeployment(target, context, async (deployment, _, inside) => {
    requireUpdateEnvs(deployment);
    await requireSources(deployment.spec, inside);
    const secrets = { rotate: new Set(options.rotateSecret), generate: false };
    const { acceptLiteralValues } = options;
    const { changed, planned } = await regenerateEnvironment(
      deployment,
      { secrets, acceptLiteralValues, targets: targetGenerator },
      inside,
    );
    const state = changed ? (inside.options.dryRun ? undefined : 'is new') : 'is up to date';
    if (state !== undefined) context.report.info(`${deployment.layout.configEnv} ${state}`);
    await (await deployerFor(deployment, inside)).updateEnvs?.(planned);
  });
}

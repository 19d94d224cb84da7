import type { Deployment } from '../../deployment/access/open.js';
import { regenerateEnvironment } from '../../deployment/update/update-environment.js';
import type { Context } from '../../system/context.js';
import { LaconicError } from '../../system/errors.js';
import { requireSources } from '../secrets/read-secret-sources.js';
import { deployerFor, targetGenerator } from './choose-deployer.js';
import { type Target, withLockedDeployment } from './open.js';
import { targetFacts } from './target-facts.js';

/**
 * `update-envs`: regenerates `config.env` from the deployment's spec, and recreates the containers that are affected.
 */
export async function updateEnvironment(
  target: Target,
  options: { rotateSecret: readonly string[]; acceptLiteralValues: boolean },
  context: Context,
): Promise<void> {
  await withLockedDeployment(target, context, async (deployment, _, inside) => {
    requireSupport(deployment);
    await requireSources(deployment.spec, inside);
    // Queries the engine: without it, or with containers of another directory, a secret would be replaced for nothing.
    const opened = await deployerFor(deployment, inside);
    const secrets = { rotate: new Set(options.rotateSecret), generate: false };
    const { acceptLiteralValues } = options;
    const { replaced, planned } = await regenerateEnvironment(
      deployment,
      { secrets, acceptLiteralValues, targets: targetGenerator },
      inside,
    );
    const { report } = inside;
    const { dryRun } = inside.options;
    if (replaced.length === 0) report.info(`${deployment.layout.configEnv} is up to date`);
    for (const line of replaced) {
      if (dryRun) report.print(`would replace ${line}`);
      else report.info(`replaced ${line}`);
    }
    // The first one holds the values from before.
    const deployer = dryRun ? opened : await deployerFor(deployment, inside);
    await deployer.updateEnvs?.(planned);
  });
}

/** @throws LaconicError on a target without `update-envs`; called before anything is written */
function requireSupport({ spec }: Deployment): void {
  const { name, updateEnvs } = targetFacts(spec.deployTo);
  if (updateEnvs) return;
  throw new LaconicError(`update-envs is not supported on ${name} yet`, {
    hint: 'change config in the spec, run deploy create --update, and start: the affected pods are recreated',
  });
}

import { requireSecrets } from '../../deployment/secrets/require-secrets.js';
import type { Context } from '../../system/context.js';
import { deployerFor, targetGenerator } from './choose-deployer.js';
import { openUnlocked, type Target } from './open.js';

/** `render`: returns what `start` would pass to the engine or the API server. */
export async function renderDeployment({ directory }: Target, context: Context): Promise<string> {
  const deployment = await openUnlocked(directory, context);
  // What is printed must not take secrets away from what runs when it is applied.
  await requireSecrets(deployment, { config: deployment.spec.config, rotate: new Set() }, targetGenerator, context);
  return (await deployerFor(deployment, context)).render();
}

import type { Context } from '../../system/context.js';
import { onlyOnCompose } from './choose-deployer.js';
import { type Target, withLockedDeployment } from './open.js';

/** `split`: gives a deployment its own Compose project; see splitProject. */
export async function splitDeployment(target: Target, sharedWith: string | undefined, context: Context): Promise<void> {
  await withLockedDeployment(target, context, async (deployment, _, inside) => {
    const { splitProject } = await onlyOnCompose.split();
    await splitProject(deployment, sharedWith, inside);
  });
}

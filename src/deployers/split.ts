import { readTextIfAny, writeFileAtomically } from '../system/files.js';
import { connectEngine } from '../engine/connect.js';
import type { Context } from '../system/context.js';
import { LaconicError } from '../system/errors.js';
import { newId } from '../deployment/ids.js';
import { editRecord } from '../deployment/record.js';
import { tiesOf } from './compose/ties.js';
import { type Target, withLockedDeployment } from './operations.js';

/**
 * Gives a deployment a Compose project of its own: the Python program named the project after the host's kind cluster, so
 * that two directories could share one and destroy each other's containers (01 §20.1). The containers that run stay with
 * the other directory; data in host directories is this deployment's as before.
 * @throws LaconicError while containers of the shared project are this deployment's, or work on its data
 */
export async function splitDeployment(target: Target, context: Context): Promise<void> {
  await withLockedDeployment(target, context, async ({ layout, record, spec }, _, inside) => {
    const project = record.deploymentId === record.clusterId ? newId() : record.deploymentId;
    for (const [volume, path] of spec.volumes) {
      if (path === undefined) {
        context.report.warn(
          `volume ${volume} has no path in the spec: its data is in the engine's volume ${record.clusterId}_${volume}, which stays with project ${record.clusterId}`,
        );
      }
    }
    if (context.options.dryRun) {
      context.report.print(`would change the Compose project of ${layout.root} from ${record.clusterId} to ${project}`);
      return;
    }
    const ties = await tiesOf(layout.root, record.clusterId, await connectEngine(inside.env));
    if (ties.length > 0) {
      const names = ties.map((tie) => tie.container).join(' ');
      throw new LaconicError(
        `${layout.root} cannot leave project ${record.clusterId} now:\n${ties.map(({ container, why }) => `${container} ${why}`).join('\n')}`,
        {
          hint: `two sets of containers must not work on one set of data; remove these first (the data stays): docker stop ${names} && docker rm ${names}`,
        },
      );
    }
    const text = (await readTextIfAny(layout.deployment)) ?? '';
    const changes = { clusterId: project, deploymentId: record.deploymentId };
    await writeFileAtomically(layout.deployment, editRecord(text, layout.deployment, changes));
    context.report.print(`${layout.root} is Compose project ${project} now (was ${record.clusterId})`);
  });
}

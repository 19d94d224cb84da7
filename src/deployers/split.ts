import { readTextIfAny, writeFileAtomically } from '../system/files.js';
import type { Context } from '../system/context.js';
import { newId } from '../deployment/ids.js';
import { editRecord } from '../deployment/record.js';
import { type Target, withLockedDeployment } from './operations.js';

/**
 * Gives a deployment a Compose project of its own: the Python program named the project after the host's kind cluster, so
 * that two directories could share one and destroy each other's containers (01 §20.1). The containers that run stay with
 * the other directory; data in host directories is this deployment's as before.
 */
export async function splitDeployment(target: Target, context: Context): Promise<void> {
  await withLockedDeployment(target, context, async ({ layout, record, spec }) => {
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
    const text = (await readTextIfAny(layout.deployment)) ?? '';
    const changes = { clusterId: project, deploymentId: record.deploymentId };
    await writeFileAtomically(layout.deployment, editRecord(text, layout.deployment, changes));
    context.report.print(`${layout.root} is Compose project ${project} now (was ${record.clusterId})`);
  });
}

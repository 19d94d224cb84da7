import { resolve } from 'node:path';
import { isSamePlace, readTextIfAny, writeFileAtomically } from '../../../system/files/files.js';
import { connectEngine, type Engine } from '../../../engine/connect.js';
import type { Context } from '../../../system/context.js';
import { LaconicError } from '../../../system/errors.js';
import { newId } from '../../../deployment/directory/ids.js';
import type { DeploymentLayout } from '../../../deployment/directory/layout.js';
import type { Deployment } from '../../../deployment/access/open.js';
import { originalOf, projectOf } from '../../../deployment/directory/place.js';
import { editRecord } from '../../../deployment/directory/record.js';
import { findSharers } from './project-sharers.js';
import { tiesOf } from './split-guard.js';

/**
 * Gives a deployment its own Compose project: the Python program named the project after the host's kind cluster, so
 * that two directories could share one and destroy each other's containers; a copied directory shares it too. Running
 * containers stay with the other directory; data in host directories remains this deployment's. The caller holds the
 * lock.
 * @param sharedWith another directory with the same project, as typed, if there is no other evidence of one
 * @throws LaconicError if nothing is shared, or while containers of the shared project belong to this deployment or use
 * its data
 */
export async function splitProject(
  deployment: Deployment,
  sharedWith: string | undefined,
  context: Context,
): Promise<void> {
  const { layout, record } = deployment;
  const project = record.deploymentId === record.clusterId ? newId() : record.deploymentId;
  const named = sharedWith === undefined ? undefined : resolve(context.cwd, sharedWith);
  if (named !== undefined) await checkNamed(named, deployment);
  if (context.options.dryRun) {
    warnOfVolumes(deployment, context);
    context.report.print(`would change the Compose project of ${layout.root} from ${record.clusterId} to ${project}`);
    return;
  }
  const engine = await connectEngine(context);
  await requireSharers(deployment, named, engine);
  await refuseTies(deployment, engine);
  warnOfVolumes(deployment, context);
  const text = (await readTextIfAny(layout.deployment)) ?? '';
  const changes = { clusterId: project, deploymentId: record.deploymentId };
  await writeFileAtomically(layout.deployment, editRecord(text, layout.deployment, changes));
  context.report.print(`${layout.root} is Compose project ${project} now (was ${record.clusterId})`);
}

async function checkNamed(named: string, { layout, record }: Deployment): Promise<void> {
  const refuse = (why: string): LaconicError => new LaconicError(`--shared-with ${named}: ${why}`);
  if (await isSamePlace(named, layout.root)) throw refuse('this is the deployment itself');
  const project = await projectOf(named);
  if (project === undefined) throw refuse('this is not a deployment directory');
  if (project !== record.clusterId) throw refuse(`its Compose project is ${project}, not ${record.clusterId}`);
}

/**
 * Requires another directory: without one there is nothing to split, and the project's containers and volumes would be
 * left behind. The directories found are remembered: a refused split may ask to remove the containers that were the
 * evidence.
 */
async function requireSharers(
  { layout, record }: Deployment,
  named: string | undefined,
  engine: Engine,
): Promise<void> {
  const original = await originalOf(layout);
  const known = named === undefined ? await rememberedSharers(layout) : [named];
  const sharers = await findSharers(layout.root, record.clusterId, engine, [
    ...known,
    ...(original ? [original.path] : []),
  ]);
  if (sharers.length > 0) {
    await writeFileAtomically(layout.sharers, `${sharers.join('\n')}\n`);
    return;
  }
  throw new LaconicError(
    `nothing to split: no other deployment directory is known that shares the Compose project ${record.clusterId} of ${layout.root}`,
    { hint: 'if there is one, name it with split --shared-with DIRECTORY' },
  );
}

async function rememberedSharers({ sharers }: DeploymentLayout): Promise<string[]> {
  return ((await readTextIfAny(sharers)) ?? '').split('\n').filter((line) => line !== '');
}

async function refuseTies({ layout, record }: Deployment, engine: Engine): Promise<void> {
  const ties = await tiesOf(layout.root, record.clusterId, engine);
  if (ties.length === 0) return;
  const names = ties.map((tie) => tie.container).join(' ');
  const lines = ties.map(({ container, why }) => `${container} ${why}`).join('\n');
  throw new LaconicError(`${layout.root} cannot leave project ${record.clusterId} now:\n${lines}`, {
    hint: `two sets of containers must not use the same data; remove these first (the data is kept): docker stop ${names} && docker rm ${names}`,
  });
}

function warnOfVolumes({ record, spec }: Deployment, { report }: Context): void {
  for (const [volume, path] of spec.volumes) {
    if (path !== undefined) continue;
    report.warn(
      `volume ${volume} has no path in the spec: its data is in the engine's volume ${record.clusterId}_${volume}, which remains in project ${record.clusterId}`,
    );
  }
}

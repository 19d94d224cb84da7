import { rm } from 'node:fs/promises';
import { takeLock, type Lock } from '../../../deployment/access/lock.js';
import type { Context } from '../../../system/context.js';
import { InterruptedError } from '../../../system/errors.js';
import { readTextIfAny, writeFileAtomically } from '../../../system/files/files.js';
import type { KindCluster } from './clusters.js';
import { type KindConfig, withoutRepeats } from './config.js';
import { explainCreation, nodeImageVariable, progressOf, runKind } from './kind-cli.js';
import { discardCluster, endCreation, kindStateFile, markCreation } from './recover-cluster.js';
import { nodeRoot } from '../objects/storage/volume-places.js';

/** Creating a cluster takes a minute, plus the pull of its node image: others wait that long. */
const othersWaitSeconds = 900;

/** Records the node ids of a cluster that this program created, whatever its name. */
function recordOf(name: string, context: Context): string {
  return kindStateFile(`${name}.made`, context);
}

/** Records that this program created the cluster. */
export async function rememberMade(cluster: KindCluster, context: Context): Promise<void> {
  await writeFileAtomically(recordOf(cluster.name, context), cluster.nodes.map(({ id }) => `${id}\n`).join(''), 0o600);
}

/** Whether this program created this cluster, and not only an earlier one of its name. */
export async function wasMadeByUs(cluster: KindCluster, context: Context): Promise<boolean> {
  const ids = (await readTextIfAny(recordOf(cluster.name, context)))?.split('\n') ?? [];
  return cluster.nodes.some(({ id }) => ids.includes(id));
}

/** Deletes the record of a cluster that is gone. */
export async function forgetCluster(name: string, context: Context): Promise<void> {
  await rm(recordOf(name, context), { force: true });
}

/** Locks the creation and deletion of the cluster of this name. */
export async function lockCluster(name: string, context: Context): Promise<Lock> {
  return takeLock(kindStateFile(`${name}.lock`, context), `kind cluster ${name}`, othersWaitSeconds, context);
}

/**
 * Creates a cluster and waits until its node is ready. kind adds the context to the operator's kubeconfig. A failure or
 * an interruption leaves nothing behind. The caller holds the cluster's lock.
 * @param text of kind-config.yml
 * @param file its path, for messages
 */
export async function createCluster(
  name: string,
  config: KindConfig,
  { text, file }: { text: string; file: string },
  context: Context,
): Promise<void> {
  const { report, env } = context;
  if (!config.mounts.some(({ containerPath }) => containerPath === nodeRoot)) {
    report.warn(
      `the kind cluster ${name} is created without a kind-mount-root: later deployments cannot have volumes with paths in it until it is recreated`,
    );
  }
  report.print(`Creating new cluster: ${name}`);
  await markCreation(name, file, context);
  const image = config.nodeImage === undefined && env[nodeImageVariable] ? ['--image', env[nodeImageVariable]] : [];
  // Without the wait, a cluster does not have a node yet that pods can run on.
  const args = ['create', 'cluster', '--name', name, '--config', '-', '--wait', '5m', ...image];
  try {
    const result = await runKind(args, context, {
      input: withoutRepeats(text, file),
      onStderrLine: (line) => {
        const step = progressOf(line);
        if (step !== undefined) report.progress(`cluster ${name}`, step);
      },
    });
    if (result.code !== 0) throw explainCreation(name, result);
  } catch (error) {
    report.progress(`cluster ${name}`, error instanceof InterruptedError ? 'interrupted' : 'not created', 'failed');
    await discardCluster(name, context);
    throw error;
  }
  await endCreation(name, context);
  report.progress(`cluster ${name}`, 'created', 'done');
}

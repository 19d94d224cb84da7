import { connectEngine } from '../../engine/connect.js';
import type { Context } from '../../system/context.js';
import { isExplained } from '../../system/errors.js';
import { onlyOnKind } from './choose-deployer.js';

/**
 * Prints the name of this host's kind cluster: the first one that laconic-so created, else the first of all; or
 * `No cluster found`, also without an engine.
 */
export async function listKindCluster(context: Context): Promise<void> {
  const { report } = context;
  if (context.options.dryRun) {
    report.print('would list the kind clusters of this host');
    return;
  }
  const clusters = await allClusters(context);
  const [first] = [...clusters.filter(({ ours }) => ours), ...clusters];
  report.print(first?.name ?? 'No cluster found');
}

async function allClusters(context: Context): Promise<{ name: string; ours: boolean }[]> {
  const { listKindClusters } = await onlyOnKind.clusters();
  try {
    return await listKindClusters(await connectEngine(context));
  } catch (error) {
    if (!isExplained(error)) throw error;
    context.report.verbose(error.message);
    return [];
  }
}

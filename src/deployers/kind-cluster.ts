import type { Context } from '../system/context.js';
import { LaconicError } from '../system/errors.js';
import { run } from '../system/process.js';

/** Prints the first kind cluster of this host, or `No cluster found` — also where kind is not installed (02 §6.5). */
export async function listKindCluster(context: Context): Promise<void> {
  if (context.options.dryRun) {
    context.report.print('would run kind get clusters');
    return;
  }
  const clusters = await run('kind', ['get', 'clusters'], { env: context.env, signal: context.signal }).catch(
    (error: unknown) => {
      if (error instanceof LaconicError && error.exitCode === 1) return undefined;
      throw error;
    },
  );
  const first = clusters?.code === 0 ? clusters.stdout.split('\n')[0]?.trim() : undefined;
  context.report.print(first === undefined || first === '' ? 'No cluster found' : first);
}

import { basename } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { type DataPlan, describeDeletion, planDataDeletion } from '../../deployment/access/delete-data.js';
import type { Lock } from '../../deployment/access/lock.js';
import type { Deployment } from '../../deployment/access/open.js';
import type { Context } from '../../system/context.js';
import { InterruptedError, LaconicError } from '../../system/errors.js';
import type { StopOptions } from '../deployer.js';
import { deployerFor, onlyOnCompose } from './choose-deployer.js';
import { refuseStackOption, type Target, withLockedDeployment } from './open.js';
import { targetFacts } from './target-facts.js';
import { checkStopOptions, type TargetOptions } from './target-options.js';

/**
 * `stop` and `down`. `--delete-data` lists what it would delete and asks for confirmation; see planDataDeletion. If the
 * directory is gone, its containers are stopped all the same.
 * @param given options whose effect is in `options`; they are checked
 * @throws LaconicError; InterruptedError
 */
export async function stopDeployment(
  target: Target,
  options: StopOptions & { yes: boolean },
  context: Context,
  given: TargetOptions,
): Promise<void> {
  const stop = async (deployment: Deployment, _: Lock, inside: Context): Promise<void> => {
    checkStopOptions(deployment.spec, options, given, inside.report);
    const plan = options.deleteData ? await planDataDeletion(deployment) : undefined;
    const { dryRun } = context.options;
    if (plan !== undefined && !options.yes && !dryRun) await confirmDeletion(deployment, plan, inside);
    const deployer = await deployerFor(deployment, inside);
    await deployer.stop(options);
    if (plan === undefined || !dryRun) return;
    for (const line of describeDeletion(plan)) inside.report.print(`would delete the content of ${line}`);
    for (const line of plan.kept) inside.report.print(`would keep ${line}`);
  };
  refuseStackOption(context);
  const { stopRemains } = await onlyOnCompose.stopWithoutDirectory();
  if (await stopRemains(target.directory, options, context)) return;
  await withLockedDeployment(target, context, stop, { must: 'stop' });
}

async function confirmDeletion({ layout, spec }: Deployment, plan: DataPlan, { signal }: Context): Promise<void> {
  const name = basename(layout.root);
  const places = describeDeletion(plan).map((line) => `\n  ${line}`);
  const inData = places.length === 0 ? ` nothing: the volumes below ${layout.data} are empty` : places.join('');
  const { volumeKeeper } = targetFacts(spec.deployTo);
  const all = `${inData}\nand the volumes that ${volumeKeeper} keeps for this deployment: --dry-run lists them`;
  if (!process.stdin.isTTY) {
    throw new LaconicError(`--delete-data permanently deletes the content of these directories:${all}`, {
      hint: 'add --yes to skip the confirmation',
    });
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const question = `This permanently deletes the content of these directories:${all}\nType ${name} to continue: `;
    // During the question, the terminal passes on Ctrl-C as a key, and Ctrl-D.
    const answer = await terminal.question(question, { signal }).catch(() => {
      process.stderr.write('\n');
      throw new InterruptedError();
    });
    if (answer.trim() !== name) throw new LaconicError('nothing was stopped or deleted: the name does not match');
  } finally {
    terminal.close();
  }
}

import type { Command } from 'commander';
import type { Project } from '../../deployers/deployer.js';
import type { Context } from '../../system/context.js';
import { addWaitOptions, type ContextOf, limitAnswers, parseWait, type WaitFlags } from '../shared/arguments.js';
import { declareExec } from '../deployment/exec.js';
import { declareLogs } from '../deployment/logs.js';
import { declarePort } from '../deployment/port.js';
import { declarePs } from '../deployment/ps.js';
import { addStopOptions, splitTimeout } from '../deployment/stop.js';
import { subcommand } from '../shared/program.js';
import { groupOptions, requireStack } from './group.js';

/** Declares `deploy up|down|ps|port|exec|logs`, which run the stack's own compose files in place. */
export default function declare(group: Command, contextOf: ContextOf): void {
  const open = async (self: Command, context: Context): Promise<Project> => {
    const { openInPlace } = await import('../../deployers/lifecycle/in-place.js');
    return openInPlace(requireStack(context), groupOptions(self), context);
  };

  addWaitOptions(
    subcommand(
      group,
      'up [services...]',
      "run the stack's compose files in place, and wait until the services are ready",
    ),
  ).action(async (services: string[], options: WaitFlags, self: Command) => {
    const wait = parseWait(options);
    const project = await open(self, limitAnswers(contextOf(self), wait));
    await project.start({ services, ...wait, images: new Map(), acceptNewPath: false }, async () => undefined);
  });

  addStopOptions(subcommand(group, 'down [services...]', 'stop and remove the containers; volumes are kept'))
    .option('--timeout <seconds>', 'how long a container may take to stop before it is killed')
    .option('--force', 'stop even if a job is running', false)
    .action(
      async (words: string[], options: { deleteVolumes: boolean; timeout?: string; force: boolean }, self: Command) => {
        const { services, timeout } = splitTimeout(words, options.timeout);
        const project = await open(self, contextOf(self));
        await project.stop({
          services,
          timeout,
          deleteVolumes: options.deleteVolumes,
          deleteData: false,
          force: options.force,
        });
      },
    );

  declarePs(group, 'list the containers', contextOf, open);
  declareLogs(group, contextOf, open);
  declarePort(group, contextOf, open);
  declareExec(group, contextOf, open);
}

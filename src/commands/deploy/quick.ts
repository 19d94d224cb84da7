import type { Command } from 'commander';
import {
  addWaitOptions,
  type ContextOf,
  limitAnswers,
  parseFormat,
  parseWait,
  type WaitFlags,
  type LogsFlags,
  logsOptions,
} from '../shared/arguments.js';
import { declareExec } from '../deployment/exec.js';
import { addLogsOptions } from '../deployment/logs.js';
import { declarePort } from '../deployment/port.js';
import { addStopOptions, splitTimeout } from '../deployment/stop.js';
import { subcommand } from '../shared/program.js';
import { groupOptions, requireStack } from './group.js';

/** Declares `deploy up|down|ps|port|exec|logs`, which run the stack's own compose files in place. */
export default function declare(group: Command, contextOf: ContextOf): void {
  const deployerOf = async (self: Command, context = contextOf(self)) => {
    const { quickDeployer } = await import('../../deployers/lifecycle/in-place.js');
    return quickDeployer(requireStack(context), groupOptions(self), context);
  };

  addWaitOptions(
    subcommand(
      group,
      'up [services...]',
      "run the stack's compose files in place, and wait until the services are ready",
    ),
  ).action(async (services: string[], options: WaitFlags, self: Command) => {
    const wait = parseWait(options);
    const deployer = await deployerOf(self, limitAnswers(contextOf(self), wait));
    const start = { services, attached: false, ...wait, images: new Map(), acceptNewPath: false, pull: false };
    await deployer.start(start, async () => undefined);
  });

  addStopOptions(subcommand(group, 'down [services...]', 'stop and remove the containers; volumes are kept'))
    .option('--timeout <seconds>', 'how long a container may take to stop before it is killed')
    .option('--force', 'stop even if a job is running', false)
    .action(
      async (words: string[], options: { deleteVolumes: boolean; timeout?: string; force: boolean }, self: Command) => {
        const { services, timeout } = splitTimeout(words, options.timeout);
        const deployer = await deployerOf(self);
        await deployer.stop({
          services,
          ...(timeout === undefined ? {} : { timeout }),
          deleteVolumes: options.deleteVolumes,
          deleteData: false,
          force: options.force,
        });
      },
    );

  subcommand(group, 'ps', 'list the containers')
    .option('--format <text|json>', 'output format', 'text')
    .action(async (options: { format: string }, self: Command) => {
      const { printContainers } = await import('../../deployers/lifecycle/operations.js');
      await printContainers(await deployerOf(self), parseFormat(options.format), contextOf(self));
    });

  addLogsOptions(subcommand(group, 'logs [services...]', 'show the output of the containers')).action(
    async (services: string[], options: LogsFlags, self: Command) => {
      await (await deployerOf(self)).logs(logsOptions(services, options));
    },
  );

  declarePort(group, async (self, query) => {
    const { printPort } = await import('../../deployers/lifecycle/operations.js');
    await printPort(await deployerOf(self), query, contextOf(self));
  });

  declareExec(group, async (self, options) => (await deployerOf(self)).exec(options));
}

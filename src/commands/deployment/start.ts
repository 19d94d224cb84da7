import type { Command } from 'commander';
import { addWaitOptions, type ContextOf, limitAnswers, parseWait, targetOf, type WaitFlags } from '../arguments.js';
import { addSwitch, subcommand, SwitchOption } from '../program.js';

interface Options extends WaitFlags {
  stayAttached: boolean;
  manageCluster: boolean;
  acceptNewPath: boolean;
  pull: boolean;
  forceConflicts: boolean;
}

/** Declares `deployment start` and its synonym `up`. */
export function declare(group: Command, contextOf: ContextOf): void {
  for (const name of ['start', 'up']) {
    const command = subcommand(
      group,
      `${name} [services...]`,
      'start the deployment, or some of its services, and wait until they are ready',
    );
    addSwitch(
      command,
      { flags: '--stay-attached', description: 'show the output of the containers until they end' },
      { flags: '--detach', description: 'return once the services are ready' },
      'stayAttached',
      false,
    );
    command.addOption(
      new SwitchOption('--detatch-terminal', 'the same as --detach, as it was spelt before', 'stayAttached', false),
    );
    addSwitch(
      command,
      { flags: '--perform-cluster-management', description: 'on kind, create the cluster if it is missing' },
      { flags: '--skip-cluster-management', description: 'a kind cluster that is missing is an error' },
      'manageCluster',
      true,
    );
    addWaitOptions(command)
      .option('--accept-new-path', 'go on although a volume had another path that still holds data', false)
      .option('--pull', 'look for newer images in their registries first', false)
      .option('--force-conflicts', 'on Kubernetes, take over fields of objects that somebody else has set', false)
      .action(async (services: string[], options: Options, self: Command) => {
        const target = targetOf(self);
        const wait = parseWait(options);
        const context = limitAnswers(contextOf(self), wait);
        const { startDeployment } = await import('../../deployers/operations.js');
        await startDeployment(
          target,
          {
            services,
            attached: options.stayAttached,
            ...wait,
            images: new Map(),
            acceptNewPath: options.acceptNewPath,
            pull: options.pull,
            manageCluster: options.manageCluster,
            forceConflicts: options.forceConflicts,
          },
          context,
        );
      });
  }
}

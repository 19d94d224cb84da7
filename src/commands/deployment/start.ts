import type { Command } from 'commander';
import {
  addWaitOptions,
  clusterSwitch,
  type ContextOf,
  limitAnswers,
  parseWait,
  targetOf,
  type WaitFlags,
} from '../shared/arguments.js';
import { addSwitch, subcommand, SwitchOption } from '../shared/program.js';

interface Options extends WaitFlags {
  stayAttached: boolean;
  manageCluster: boolean;
  acceptNewPath: boolean;
  pull: boolean;
  forceConflicts: boolean;
}

/** Declares `deployment start` and its synonym `up`. */
export default function declare(group: Command, contextOf: ContextOf): void {
  for (const name of ['start', 'up']) {
    const command = subcommand(
      group,
      `${name} [services...]`,
      'start the deployment, or some of its services, and wait until they are ready',
    );
    addSwitch(
      command,
      { flags: '--stay-attached', description: 'show the output of the containers until they exit' },
      { flags: '--detach', description: 'return once the services are ready' },
      'stayAttached',
      false,
    );
    command.addOption(
      new SwitchOption('--detatch-terminal', 'same as --detach, kept for old scripts', 'stayAttached', false),
    );
    addSwitch(
      command,
      { flags: '--perform-cluster-management', description: 'on kind, create the cluster if it is missing' },
      { flags: '--skip-cluster-management', description: 'on kind, fail if the cluster is missing' },
      'manageCluster',
      true,
    );
    addWaitOptions(command)
      .option('--accept-new-path', 'continue even if the former path of a volume still holds data', false)
      .option('--pull', 'pull newer images first', false)
      .option('--force-conflicts', 'on Kubernetes, take over fields that another client has set', false)
      .action(async (services: string[], options: Options, self: Command) => {
        const target = targetOf(self);
        const wait = parseWait(options);
        const context = limitAnswers(contextOf(self), wait);
        const { startDeployment } = await import('../../deployers/lifecycle/start.js');
        await startDeployment(
          target,
          {
            services,
            ...wait,
            images: new Map(),
            acceptNewPath: options.acceptNewPath,
            compose: { attached: options.stayAttached, pull: options.pull },
            kubernetes: { manageCluster: options.manageCluster, forceConflicts: options.forceConflicts },
          },
          context,
          clusterSwitch(self),
        );
      });
  }
}

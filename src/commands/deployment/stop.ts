import type { Command } from 'commander';
import { clusterSwitch, type ContextOf, parseWholeSeconds, targetOf } from '../shared/arguments.js';
import { addSwitch, subcommand } from '../shared/program.js';

interface Options {
  deleteVolumes: boolean;
  deleteData: boolean;
  yes: boolean;
  force: boolean;
  timeout?: string;
  deleteNamespace: boolean;
  manageCluster: boolean;
}

/** Declares `deployment stop` and its synonym `down`. */
export default function declare(group: Command, contextOf: ContextOf): void {
  for (const name of ['stop', 'down']) {
    const command = subcommand(
      group,
      `${name} [services...]`,
      'stop and remove the containers of the deployment, or of some services; data is kept',
    );
    addStopOptions(command);
    addSwitch(
      command,
      { flags: '--perform-cluster-management', description: 'on kind, delete the cluster afterwards' },
      { flags: '--skip-cluster-management', description: 'leave the kind cluster alone' },
      'manageCluster',
      false,
    );
    command
      .option('--delete-namespace', 'on Kubernetes, delete the namespace too', false)
      .option('--delete-data', 'permanently delete everything below data/ in the deployment directory', false)
      .option('--yes', 'do not ask for confirmation of --delete-data', false)
      .option(
        '--force',
        'stop even if a job is running, others use the kind cluster, or parts of the namespace are not visible',
        false,
      )
      .option('--timeout <seconds>', 'how long a container may take to stop before it is killed')
      .action(async (words: string[], options: Options, self: Command) => {
        const { services, timeout } = splitTimeout(words, options.timeout);
        const context = contextOf(self);
        const { stopDeployment } = await import('../../deployers/lifecycle/stop.js');
        await stopDeployment(
          targetOf(self),
          {
            services,
            timeout,
            deleteVolumes: options.deleteVolumes || options.deleteData,
            deleteData: options.deleteData,
            force: options.force,
            yes: options.yes,
            kubernetes: { deleteNamespace: options.deleteNamespace, manageCluster: options.manageCluster },
          },
          context,
          clusterSwitch(self),
        );
      });
  }
}

/** Adds the options shared by `stop`, `down` and the quick workflow's `down`. */
export function addStopOptions(command: Command): Command {
  return addSwitch(
    command,
    { flags: '--delete-volumes', description: "delete the engine's volumes; host directories keep their content" },
    { flags: '--preserve-volumes', description: 'keep the volumes' },
    'deleteVolumes',
    false,
  );
}

/**
 * Separates services from the time-out: a single number among the words is the time-out in seconds, as scripts pass it.
 * @throws UsageError for a time-out that is not a whole number
 */
export function splitTimeout(
  words: readonly string[],
  option: string | undefined,
): { services: string[]; timeout?: number } {
  if (option !== undefined) return { services: [...words], timeout: parseWholeSeconds(option, '--timeout') };
  const [only, ...more] = words;
  if (only !== undefined && more.length === 0 && /^\d+$/.test(only)) {
    return { services: [], timeout: parseWholeSeconds(only, 'the time-out') };
  }
  return { services: [...words] };
}

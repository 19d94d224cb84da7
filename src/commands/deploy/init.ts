import type { Command } from 'commander';
import { initText } from '../../output/deploy.js';
import { collect, type ContextOf, parsePath } from '../shared/arguments.js';
import { subcommand } from '../shared/program.js';
import { groupOptions, refuseQuickOptions, requireStack } from './group.js';

interface Options {
  output: string;
  config: string[];
  configFile?: string;
  kubeConfig?: string;
  imageRegistry?: string;
  mapPortsToHost?: string;
  force: boolean;
}

/** Declares `deploy init`. */
export default function declare(group: Command, contextOf: ContextOf): void {
  subcommand(group, 'init', 'write a spec file for a stack, to edit and pass to create')
    .requiredOption('--output <file>', 'the spec file to write', parsePath)
    .option('--config <NAME=value,…>', "values for the spec's config (when repeated: one pair each)", collect, [])
    .option('--config-file <file>', "an env file with values for the spec's config")
    .option('--kube-config <file>', 'the kubeconfig of the cluster, for --deploy-to k8s')
    .option('--image-registry <url>', 'where images are pushed, for --deploy-to k8s')
    .option(
      '--map-ports-to-host <recipe>',
      'how ports are published: any-variable-random, localhost-same, any-same, localhost-fixed-random, any-fixed-random',
    )
    .option('--force', 'overwrite a spec file that exists and differs', false)
    .action(async (options: Options, self: Command) => {
      const context = contextOf(self);
      const stack = requireStack(context);
      const shared = groupOptions(self);
      refuseQuickOptions(shared, 'init');
      const { initSpec } = await import('../../deployment/init.js');
      const outcome = await initSpec({ ...options, stack, deployTo: shared.deployTo }, context);
      if (outcome !== undefined) for (const line of initText(options.output, outcome)) context.report.info(line);
    });
}

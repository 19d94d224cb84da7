import type { Command } from 'commander';
import { showCreate } from '../../output/deploy.js';
import { parseSeconds } from '../../system/seconds.js';
import { collect, type ContextOf, parsePath } from '../shared/arguments.js';
import { subcommand } from '../shared/program.js';
import { groupOptions, refuseQuickOptions } from './group.js';

interface Options {
  specFile: string;
  deploymentDir: string;
  update: boolean;
  helmChart: boolean;
  networkDir?: string;
  initialPeers?: string;
  lockWait: string;
  rotateSecret: string[];
  generateSecrets: boolean;
  acceptLiteralValues: boolean;
  acceptOtherStack: boolean;
}

/** Declares `deploy create`. */
export default function declare(group: Command, contextOf: ContextOf): void {
  subcommand(group, 'create [extra-args...]', 'create a deployment directory from a spec file, or update one')
    .requiredOption('--spec-file <file>', 'the spec file', parsePath)
    .option('--deployment-dir <path>', 'the directory to create', parsePath, 'deployment-001')
    .option('--update', 'update an existing directory from the spec and the stack; data is kept', false)
    .option('--helm-chart', 'not supported by this version', false)
    .option('--network-dir <path>', "passed to the stack's create hook")
    .option('--initial-peers <peers>', "passed to the stack's create hook")
    .option('--lock-wait <seconds>', 'how long to wait for another command on this deployment to finish', '0')
    .option('--rotate-secret <name>', 'with --update: give a generated secret a new value (repeatable)', collect, [])
    .option('--generate-secrets', 'with --update: give generated secrets of an old directory a value', false)
    .option(
      '--accept-literal-values',
      'with --update: take config values literally where an old config.env was read differently',
      false,
    )
    .option('--accept-other-stack', 'with --update: accept the spec of another stack', false)
    .action(async (extraArgs: string[], options: Options, self: Command) => {
      const context = contextOf(self);
      refuseQuickOptions(groupOptions(self), 'create');
      const [{ createOrUpdate }, { targetGenerator }] = await Promise.all([
        import('../../deployment/create-or-update.js'),
        import('../../deployers/lifecycle/choose-deployer.js'),
      ]);
      const outcome = await createOrUpdate(
        {
          ...options,
          deployTo: group.getOptionValueSource('deployTo') === 'cli' ? groupOptions(self).deployTo : undefined,
          extraArgs,
          lockWaitSeconds: parseSeconds(options.lockWait, '--lock-wait'),
        },
        targetGenerator,
        context,
      );
      if (outcome !== undefined) showCreate(options, outcome, context.report);
    });
}

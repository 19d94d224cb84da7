import type { Command } from 'commander';
import { parseImage } from '../../images/reference.js';
import { showChanges } from '../../output/deploy.js';
import { UsageError } from '../../system/errors.js';
import {
  addWaitOptions,
  collect,
  type ContextOf,
  limitAnswers,
  parseWait,
  targetOf,
  type WaitFlags,
} from '../shared/arguments.js';
import { subcommand } from '../shared/program.js';

interface Options extends WaitFlags {
  stackPath?: string;
  specFile?: string;
  configFile?: string;
  force: boolean;
  expectedIp?: string;
  image: string[];
  acceptNewPath: boolean;
  acceptLiteralValues: boolean;
  acceptOtherStack: boolean;
  rotateSecret: string[];
  pull: boolean;
  gitPull: boolean;
  forceConflicts: boolean;
}

/** Declares `deployment restart`. */
export default function declare(group: Command, contextOf: ContextOf): void {
  addWaitOptions(
    subcommand(
      group,
      'restart',
      'pull the stack, update the deployment directory, and recreate the services that changed',
    ),
  )
    .option('--stack-path <path>', 'where the stack is now (its git working tree is pulled)')
    .option(
      '--spec-file <path>',
      'the spec, relative to the root of the stack repository (default: deployment/spec.yml, else its own copy)',
    )
    .option('--no-git-pull', "use the stack's working tree as it is, with local edits or without a network")
    .option('--config-file <path>', 'accepted for old scripts, not used')
    .option('--force', 'continue even if a new host name was not verified', false)
    .option('--expected-ip <address>', 'accepted for old scripts, not used')
    .option('--image <container=image>', 'run a service with another image (repeatable)', collect, [])
    .option('--accept-new-path', 'continue even if the former path of a volume still holds data', false)
    .option(
      '--accept-literal-values',
      'take config values literally where an old config.env was read differently',
      false,
    )
    .option('--accept-other-stack', 'accept the spec of another stack', false)
    .option('--rotate-secret <name>', 'give a generated secret a new value (repeatable)', collect, [])
    .option('--pull', 'pull newer images first', false)
    .option('--force-conflicts', 'on Kubernetes, take over fields that another client has set', false)
    .action(async (options: Options, self: Command) => {
      const images = new Map(options.image.map(parseOverride));
      const wait = parseWait(options);
      const { restartDeployment } = await import('../../deployers/lifecycle/restart.js');
      const target = targetOf(self);
      const context = limitAnswers(contextOf(self), wait);
      await restartDeployment(
        target,
        {
          stackPath: options.stackPath,
          specFile: options.specFile,
          force: options.force,
          git: options.gitPull ? await import('../../repositories/pull-for-restart.js') : undefined,
          unused: [...(options.configFile ? ['--config-file'] : []), ...(options.expectedIp ? ['--expected-ip'] : [])],
          rotateSecrets: options.rotateSecret,
          acceptLiteralValues: options.acceptLiteralValues,
          acceptOtherStack: options.acceptOtherStack,
          updated: (outcome) => showChanges(target.directory, outcome, context.report),
          start: {
            services: [],
            ...wait,
            images,
            acceptNewPath: options.acceptNewPath,
            restart: true,
            compose: { pull: options.pull },
            kubernetes: { forceConflicts: options.forceConflicts },
          },
        },
        context,
      );
    });
}

function parseOverride(text: string): [string, string] {
  const at = text.indexOf('=');
  const [container, image] = [text.slice(0, at), text.slice(at + 1)];
  if (at < 1 || image === '') throw new UsageError(`Invalid --image format '${text}', expected container=image`);
  if (parseImage(image) === undefined) throw new UsageError(`--image ${container}: ${image} is not an image name`);
  return [container, image];
}

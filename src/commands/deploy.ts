import type { Command } from 'commander';
import type { ContextOf } from './shared/arguments.js';
import declareCreate from './deploy/create.js';
import declareInit from './deploy/init.js';
import declareK8s from './deploy/k8s.js';
import declareQuick from './deploy/quick.js';
import { parseTarget } from './deploy/group.js';
import declareSetup from './deploy/setup.js';
import { configure } from './shared/program.js';

/** Declares `deploy` and its alias `deploy-system`. */
export default function declare(command: Command, contextOf: ContextOf): void {
  configure(command)
    .option('--include <pods>', 'only these pods of the stack (comma-separated)')
    .option('--exclude <pods>', 'all pods of the stack except these (comma-separated)')
    .option('--env-file <file>', 'variables for the compose files, when the stack runs in place')
    .option('--cluster <name>', 'the Compose project name, when the stack runs in place')
    .option('--deploy-to <target>', 'compose, k8s-kind or k8s', parseTarget, 'compose');
  declareInit(command, contextOf);
  declareCreate(command, contextOf);
  declareSetup(command, contextOf);
  declareQuick(command, contextOf);
  declareK8s(command, contextOf);
}

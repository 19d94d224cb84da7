import type { Command } from 'commander';
import type { Context } from '../system/context.js';

/** A top-level command; its module is loaded only when the command is called. */
export interface TableEntry {
  names: readonly [string, ...string[]];
  description: string;
  load: () => Promise<{ default: (command: Command, contextOf: (command: Command) => Context) => void }>;
}

/** All top-level commands, in the order of the help. */
export const commandTable: readonly TableEntry[] = [
  { names: ['version'], description: 'print the version of this program', load: () => import('./version.js') },
  {
    names: ['deploy', 'deploy-system'],
    description: 'create a spec and a deployment from a stack, or run a stack in place',
    load: () => import('./deploy.js'),
  },
  {
    names: ['deployment'],
    description: 'start, monitor, update and stop a deployment',
    load: () => import('./deployment.js'),
  },
  {
    names: ['fetch-stack'],
    description: 'clone or update a repository that contains stacks',
    load: () => import('./fetch-stack.js'),
  },
  {
    names: ['setup-repositories'],
    description: 'clone or update the repositories a stack needs',
    load: () => import('./setup-repositories.js'),
  },
  {
    names: ['build-containers'],
    description: 'build the container images a stack needs',
    load: () => import('./build-containers.js'),
  },
  {
    names: ['fetch-containers'],
    description: 'fetch the container images a stack needs from a registry, instead of building them',
    load: () => import('./fetch-containers.js'),
  },
  {
    names: ['hooks'],
    description: 'prepare this machine for stack hooks written in Python',
    load: () => import('./hooks.js'),
  },
];

/** Adds a command of the table to the program, without its options and subcommands, and returns it. */
export function addCommand(program: Command, { names: [name, ...aliases], description }: TableEntry): Command {
  return program.command(name).description(description).aliases(aliases);
}

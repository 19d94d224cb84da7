import { Command, Option } from 'commander';
import type { Streams } from '../../system/report.js';

declare const __BUILD_TAG__: string | undefined;

/** `<version>-<commit>-<time>` in a build; `source-unknown` when run from source. */
export function versionText(): string {
  return typeof __BUILD_TAG__ === 'string' ? __BUILD_TAG__ : 'source-unknown';
}

/** An on/off pair of options such as `--delete-volumes / --preserve-volumes`: the last one given wins. */
export class SwitchOption extends Option {
  readonly #attribute: string;

  constructor(flags: string, description: string, attribute: string, value: boolean) {
    super(flags, description);
    this.#attribute = attribute;
    this.preset(value);
  }

  override attributeName(): string {
    return this.#attribute;
  }
}

/** Adds an on/off pair to a command. `flags` are given as `--on` and `--off`. */
export function addSwitch(
  command: Command,
  on: { flags: string; description: string },
  off: { flags: string; description: string },
  attribute: string,
  initial: boolean,
): Command {
  const mark = (text: string, isDefault: boolean): string => (isDefault ? `${text} (default)` : text);
  return command
    .setOptionValueWithSource(attribute, initial, 'default')
    .addOption(new SwitchOption(on.flags, mark(on.description, initial), attribute, true))
    .addOption(new SwitchOption(off.flags, mark(off.description, !initial), attribute, false));
}

/** Gives a command, and those added to it, the common help, usage errors and exits. */
export function configure(command: Command): Command {
  return (
    command
      .exitOverride()
      .enablePositionalOptions()
      .showHelpAfterError(false)
      .configureOutput({
        outputError: (text, write) => {
          write(usageText(command, text.replace(/^error: /, '').trimEnd() + placeOf(text, command)));
        },
      })
      // The column of terms takes half of a terminal: the narrow descriptions beside it must wrap all the same.
      .configureHelp({ optionDescription: describeOption, showGlobalOptions: false, minWidthToWrap: 20 })
      .addHelpText('before', ({ command: asked }) => refuseUnknown(asked))
      .helpCommand(false)
      .helpOption('-h, --help', 'show this help')
  );
}

/** A usage error in the form that existing scripts expect: usage, where to find help, a blank line, the error. */
export function usageText(command: Command, message: string): string {
  const path: string[] = [];
  for (let at: Command | null = command; at !== null; at = at.parent) path.unshift(at.name());
  const name = path.join(' ');
  return `Usage: ${name} ${command.usage()}\nTry '${name} --help' for help.\n\nError: ${message}\n`;
}

/** Help for an unknown command is a usage error, not the help of its group. */
function refuseUnknown(group: Command): string {
  const [name] = group.args;
  const known = group.commands.some((one) => one.name() === name || one.aliases().includes(name ?? ''));
  if (name !== undefined && !name.startsWith('-') && group.commands.length > 0 && !known) {
    group.error(`error: unknown command '${name}'`, { code: 'commander.unknownCommand' });
  }
  return '';
}

/** Where an unknown option belongs if a parent command has it: options of a group come before its commands. */
function placeOf(text: string, command: Command): string {
  const flag = /unknown option '(--[\w-]+)/.exec(text)?.[1];
  for (let below = command, at = command.parent; at !== null; below = at, at = at.parent) {
    if (at.options.some((option) => option.long === flag)) return ` (it goes before "${below.name()}")`;
  }
  return '';
}

/** Defaults are shown only if informative: not for switches, which are off, nor for empty lists. */
function describeOption(option: Option): string {
  const { defaultValue } = option as { defaultValue: unknown };
  const shown = typeof defaultValue === 'string' && defaultValue !== '' ? ` (default: ${defaultValue})` : '';
  return `${option.description}${shown}`;
}

/** What the arguments of subcommands are: a name means the same in all of them. */
const argumentDescriptions: Readonly<Record<string, string>> = {
  services: 'names of services; all of them if none is given',
  service: 'the name of a service',
  port: 'a port that the service listens on in its container',
  command: 'one word is a line for the shell of the container, several words are run as they are',
  job: 'the name of a job of the stack',
  args: 'arguments for the job',
  'extra-args': "passed to the stack's hooks",
};

/** Adds a subcommand with the common behaviour. */
export function subcommand(parent: Command, nameAndArguments: string, description: string): Command {
  const command = configure(parent.command(nameAndArguments)).description(description);
  for (const argument of command.registeredArguments) {
    argument.description = argumentDescriptions[argument.name()] ?? '';
  }
  return command;
}

/**
 * Creates the program with its global options, which come before the command's name, but without commands.
 * @param streams where help and usage errors are printed
 */
export function createProgram({ stdout, stderr }: Streams = process): Command {
  return configure(new Command('laconic-so'))
    .configureOutput({ writeOut: (text) => stdout.write(text), writeErr: (text) => stderr.write(text) })
    .description('Runs stacks of containers on Docker Compose or Kubernetes, from one description.')
    .version(versionText(), '--version', 'print the version of this program')
    .option('--stack <name or path>', 'the stack to work on')
    .option('--quiet', 'print only results, warnings and errors', false)
    .option('--verbose', 'print more details', false)
    .option('--dry-run', 'print what would be done, without doing it', false)
    .option(
      '--local-stack',
      'use the folder above the current stack-orchestrator folder as the base of repositories',
      false,
    )
    .option('--debug', 'print everything, including stack traces; containers get CERC_SCRIPT_DEBUG=true', false)
    .option('--continue-on-error', 'continue with the next image or repository when one fails', false);
}

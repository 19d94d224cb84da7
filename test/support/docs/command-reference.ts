import type { Argument, Command, Option } from 'commander';

const introduction = `# Commands

Every command with its arguments and options, as \`--help\` shows them. \`npm run docs\` writes this page.

\`\`\`
laconic-so [global options] <command> [options] [arguments]
\`\`\`

Global options come before the command, and the options of a group (\`deploy\`, \`deployment\`) before the command of the
group: \`laconic-so --verbose deployment --dir my-demo start --no-wait\`. Every command has \`-h, --help\`.

What the commands do in detail is described in [operating.md](operating.md) for deployments, and in
[containers.md](containers.md), [registries.md](registries.md) and [repositories.md](repositories.md) for images and
repositories.`;

/** A section of the page: a command, together with those that differ from it in their names only (`start` and `up`). */
interface Entry {
  command: Command;
  synonyms: readonly Command[];
  level: number;
}

/**
 * Renders docs/commands.md.
 * @param program with all commands declared
 */
export function renderCommands(program: Command): string {
  const entries = entriesBelow(program, 2);
  const rows = entries
    .filter(({ command }) => command.commands.length === 0)
    .map((entry) => [`[${headingOf(entry)}](#${anchorOf(entry)})`, sentence(entry.command.description())]);
  return `${[
    introduction,
    table(['command', 'description'], rows),
    '## Global options',
    ...optionTable(program),
    ...entries.flatMap(section),
  ].join('\n\n')}\n`;
}

function entriesBelow(group: Command, level: number): Entry[] {
  const entries: (Entry & { synonyms: Command[] })[] = [];
  for (const command of group.commands) {
    const same = entries.find((entry) => contentOf(entry.command) === contentOf(command));
    if (same === undefined) entries.push({ command, synonyms: [], level });
    else same.synonyms.push(command);
  }
  return entries.flatMap((entry) => [entry, ...entriesBelow(entry.command, level + 1)]);
}

function contentOf(command: Command): string {
  return [command.description(), ...argumentTable(command), ...optionTable(command)].join('\n');
}

function section({ command, synonyms, level }: Entry): string[] {
  const isGroup = command.commands.length > 0;
  const usages = [command, ...synonyms].map(usageOf).join('\n');
  return [
    `${'#'.repeat(level)} ${headingOf({ command, synonyms })}`,
    sentence(command.description()),
    ...(isGroup ? [] : [`\`\`\`\n${usages}\n\`\`\``]),
    ...argumentTable(command),
    ...optionTable(command),
  ];
}

function headingOf({ command, synonyms }: Omit<Entry, 'level'>): string {
  const names = [pathOf(command), ...synonyms.map(pathOf), ...command.aliases()];
  return names.map((name) => `\`${name}\``).join(', ');
}

/** The anchor that code hosts give to a heading. */
function anchorOf(entry: Entry): string {
  return headingOf(entry)
    .replace(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');
}

/** The command with the groups it is in, outermost first, without the program. */
function lineage(command: Command): Command[] {
  return command.parent === null ? [] : [...lineage(command.parent), command];
}

function pathOf(command: Command): string {
  return lineage(command)
    .map((one) => one.name())
    .join(' ');
}

function usageOf(command: Command): string {
  const groups = lineage(command.parent ?? command).map((group) =>
    group.options.length > 0 ? `${group.name()} [options]` : group.name(),
  );
  const given = command.registeredArguments.map(termOf);
  const own = command.options.length > 0 ? ['[options]'] : [];
  return ['laconic-so', ...groups, command.name(), ...own, ...given].join(' ');
}

function argumentTable(command: Command): string[] {
  const rows = command.registeredArguments.map((argument) => [code(termOf(argument)), argument.description]);
  return rows.length > 0 ? [table(['argument', 'description'], rows)] : [];
}

function optionTable(command: Command): string[] {
  const help = command.createHelp();
  const describe = (option: Option): string =>
    `${help.optionDescription(option)}${option.mandatory ? ' (required)' : ''}`;
  const rows = command.options.map((option) => [code(option.flags), describe(option)]);
  return rows.length > 0 ? [table(['option', 'description'], rows)] : [];
}

function termOf(argument: Argument): string {
  const word = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${word}>` : `[${word}]`;
}

const code = (text: string): string => `\`${text}\``;

/** A description as a sentence: help texts begin with a small letter and have no full stop. */
function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function table(head: readonly [string, string], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const escaped = rows.map(([term = '', text = '']) => [term.replaceAll('|', '\\|'), text.replace(/[|<*]/g, '\\$&')]);
  return [row(head), row(['---', '---']), ...escaped.map(row)].join('\n');
}

import type { Command, Option } from 'commander';
import { describe, expect, it } from 'vitest';
import { splitWords } from '../../../src/compose/syntax/shell-words.js';
import { commandTree } from '../../support/docs/command-tree.js';
import { codeSpansOf, commandsOf, notRun, readPages } from '../../support/docs/documents.js';

const program = await commandTree();

/** The calls of the program in a command line, each as its words without the program's name. */
function callsIn(line: string): string[][] {
  return line.split(/&&|\s\|\s/).flatMap((part) => {
    const [, rest] = /^\s*(?:laconic-so|node dist\/cli\.js)\s+(.*)$/.exec(part) ?? [];
    return rest === undefined ? [] : alternatives(splitWords(rest)?.words ?? [rest]);
  });
}

/** `up|down` is written for either word. */
function alternatives(words: readonly string[]): string[][] {
  return words.reduce<string[][]>(
    (calls, word) => word.split('|').flatMap((choice) => calls.map((call) => [...call, choice])),
    [[]],
  );
}

/** Why the program would refuse to parse this call; undefined if it would not. */
function problemOf(words: readonly string[]): string | undefined {
  let command: Command = program;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (word === '--') return undefined;
    if (word.startsWith('-')) {
      const option = optionOf(command, word);
      if (option === undefined) return `${command.name()} has no option ${word}`;
      if (option.required && !word.includes('=')) index += 1;
    } else if (command.commands.length > 0) {
      const called = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
      if (called === undefined) return `${command.name()} has no command ${word}`;
      command = called;
    } else if (command.name() === 'exec') return undefined;
  }
  return undefined;
}

function optionOf(command: Command, word: string): Option | undefined {
  const [name = ''] = word.split('=');
  return command.options.find(({ long, short }) => name === long || name === short);
}

function descendants(command: Command): Command[] {
  return command.commands.flatMap((one) => [one, ...descendants(one)]);
}

/** Code spans with options of other programs. */
const ofOtherPrograms =
  /^(npm|docker|kubectl|git|COPY|RUN) |^(up )?--wait$|^--(install|build-arg|no-cache|remove-orphans)$/;

describe('the calls of the program in the pages name commands and options that exist', () => {
  const pages = readPages();
  const lines = [
    ...pages.flatMap((page) => commandsOf(page).map(({ place, line }) => ({ place, line }))),
    ...pages.flatMap((page) => codeSpansOf(page).map(({ place, code }) => ({ place, line: code }))),
  ];
  const calls = lines.flatMap(({ place, line }) => callsIn(line).map((words) => ({ place, words })));

  it.each(calls.map(({ place, words }) => [place, words.join(' '), words] as const))('%s: %s', (_, __, words) => {
    expect(problemOf(words)).toBeUndefined();
  });

  it('every option that a page names exists', () => {
    const options = [program, ...descendants(program)].flatMap((command) => command.options);
    const known = new Set(['--help', ...options.map(({ long }) => long)]);
    const unknown = pages.flatMap(codeSpansOf).filter(({ code }) => {
      if (ofOtherPrograms.test(code)) return false;
      return [...code.matchAll(/(?<![\w-])--[a-z][\w-]*/g)].some(([option]) => !known.has(option));
    });
    expect(unknown).toEqual([]);
  });

  it.each([
    ['deployment --dir d nosuch', 'deployment has no command nosuch'],
    ['deployment start --dir d', 'start has no option --dir'],
    ['deployment --dir d start --nosuch', 'start has no option --nosuch'],
    ['deployment --dir d exec web ls --nosuch', undefined],
  ])('a check of this test: %s', (line, problem) => {
    expect(callsIn(`laconic-so ${line}`).map(problemOf)).toEqual([problem]);
  });
});

it('a command line that is not run, see test/compose/documents.test.ts, is still in a page', () => {
  const lines = readPages().flatMap((page) => commandsOf(page).map(({ line }) => line));
  expect(Object.keys(notRun).filter((line) => !lines.includes(line))).toEqual([]);
});

import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import declare from '../../../../src/commands/deployment/stop.js';
import { addSwitch } from '../../../../src/commands/shared/program.js';

function optionsOf(initial: boolean, ...words: string[]): Record<string, unknown> {
  const command = new Command('x').exitOverride();
  addSwitch(command, { flags: '--on', description: 'on' }, { flags: '--off', description: 'off' }, 'it', initial);
  command.parse(words, { from: 'user' });
  return command.opts();
}

describe('a pair of on/off options', () => {
  it.each([true, false])('defaults to %s when neither is given', (initial) => {
    expect(optionsOf(initial)).toEqual({ it: initial });
  });

  it('takes the last one given', () => {
    expect(optionsOf(true, '--on', '--off')).toEqual({ it: false });
    expect(optionsOf(false, '--off', '--on')).toEqual({ it: true });
  });
});

describe('the kind cluster is left running by default', () => {
  it.each(['stop', 'down'])('%s', (name) => {
    const group = new Command('deployment');
    declare(group, () => {
      throw new Error('not called');
    });
    expect(group.commands.find((command) => command.name() === name)?.opts()).toMatchObject({ manageCluster: false });
  });
});

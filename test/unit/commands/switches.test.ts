import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { declare } from '../../../src/commands/deployment/stop.js';
import { addSwitch } from '../../../src/commands/program.js';

function optionsOf(initial: boolean, ...words: string[]): Record<string, unknown> {
  const command = new Command('x').exitOverride();
  addSwitch(command, { flags: '--on', description: 'on' }, { flags: '--off', description: 'off' }, 'it', initial);
  command.parse(words, { from: 'user' });
  return command.opts();
}

describe('an on/off pair of options', () => {
  it.each([true, false])('has its default %s when neither is given', (initial) => {
    expect(optionsOf(initial)).toEqual({ it: initial });
  });

  it('the last one given wins', () => {
    expect(optionsOf(true, '--on', '--off')).toEqual({ it: false });
    expect(optionsOf(false, '--off', '--on')).toEqual({ it: true });
  });
});

describe('stop leaves the kind cluster alone unless told otherwise', () => {
  it.each(['stop', 'down'])('%s', (name) => {
    const group = new Command('deployment');
    declare(group, () => {
      throw new Error('not called');
    });
    expect(group.commands.find((command) => command.name() === name)?.opts()).toMatchObject({ manageCluster: false });
  });
});

import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import type { ContextOf } from '../../../../src/commands/shared/arguments.js';
import buildContainers from '../../../../src/commands/build-containers.js';
import setupRepositories from '../../../../src/commands/setup-repositories.js';
import { UsageError } from '../../../../src/system/errors.js';
import { testContext } from '../../../support/context.js';

const commands = { 'build-containers': buildContainers, 'setup-repositories': setupRepositories };

describe('--jobs is parsed the same way by every command', () => {
  describe.each(Object.entries(commands))('%s', (name, declare) => {
    const call = (jobs: string): Promise<unknown> => {
      const command = new Command(name);
      const contextOf: ContextOf = () => testContext('/');
      declare(command, contextOf);
      return command.parseAsync(['--jobs', jobs], { from: 'user' });
    };

    it.each(['0', '-1', '65', '1000', '1.5', 'all', ''])(
      'rejects %j with the exit code of a usage error',
      async (jobs) => {
        const error: unknown = await call(jobs).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(UsageError);
        expect(error).toMatchObject({ message: `--jobs: ${jobs} is not a number from 1 to 64`, exitCode: 2 });
      },
    );
  });
});

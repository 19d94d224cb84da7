import { callCommand } from '../../src/commands/call.js';
import { createProgram } from '../../src/commands/shared/program.js';
import { errorMessage, LaconicError } from '../../src/system/errors.js';
import { type TestContext, testContext } from './context.js';
import type { CliResult } from './engine.js';

/**
 * Runs a command in this process, as `cli.ts` does in its own. What its children write to the terminal is not in the
 * result.
 * @throws Error with all output of the command if it fails
 */
export async function succeedInProcess(
  args: readonly string[],
  { cwd, env }: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<CliResult> {
  const contexts: TestContext[] = [];
  try {
    await callCommand(createProgram(), args, (options) => {
      const context = testContext(cwd, options, { ...process.env, ...env });
      contexts.push(context);
      return context;
    });
  } catch (error) {
    const hint = error instanceof LaconicError ? `\n${error.hint ?? ''}` : '';
    const outputs = contexts.map(({ output }) => output.stdout + output.stderr).join('');
    throw new Error(`laconic-so ${args.join(' ')}: ${errorMessage(error)}${hint}\n${outputs}`, { cause: error });
  }
  return { code: 0, stdout: '', stderr: '', ...contexts.at(-1)?.output };
}

import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { kindOf } from '../../system/files/files.js';

/**
 * The environment variable that names the Python for hooks. It is a program to run, so settings files cannot set it.
 */
export const interpreterVariable = 'LACONIC_SO_PYTHON';

/** The Python modules that came with the Python program, by their pip and import names. */
export const hookModules = [
  { package: 'tomli', module: 'tomli' },
  { package: 'ruamel.yaml', module: 'ruamel.yaml' },
  { package: 'PyYAML', module: 'yaml' },
  { package: 'kubernetes', module: 'kubernetes' },
  { package: 'click', module: 'click' },
  { package: 'requests', module: 'requests' },
] as const;

/** The path of the virtual environment that `hooks setup` creates. */
export function hookEnvironment(env: NodeJS.ProcessEnv): string {
  return join(env.HOME ?? homedir(), '.laconic-so', 'python');
}

/** The Python that the operator chose for hooks, or undefined. A relative path counts from the current directory. */
export function chosenInterpreter(env: NodeJS.ProcessEnv, cwd: string): string | undefined {
  const chosen = env[interpreterVariable];
  if (!chosen) return undefined;
  return chosen.includes('/') ? resolve(cwd, chosen) : chosen;
}

/** The Python that hooks run with: the chosen one, else that of `hooks setup`, else the `python3` on the PATH. */
export async function hookInterpreter(env: NodeJS.ProcessEnv, cwd: string): Promise<string> {
  const own = join(hookEnvironment(env), 'bin', 'python3');
  return chosenInterpreter(env, cwd) ?? ((await kindOf(own)) === 'file' ? own : 'python3');
}

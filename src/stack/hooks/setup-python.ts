import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Context } from '../../system/context.js';
import { errorCode, errorMessage, LaconicError } from '../../system/errors.js';
import { kindOf, makeDirectory } from '../../system/files/files.js';
import { removeLeftovers, temporaryBeside } from '../../system/files/temporary-files.js';
import { run, type RunResult } from '../../system/process/process.js';
import { chosenInterpreter, hookEnvironment, hookModules, interpreterVariable } from './interpreter.js';

const packages = hookModules.map((each) => each.package);

/**
 * Creates the virtual environment for Python hooks, with the modules that came with the Python program. It is created
 * under a temporary name and renamed, so that it is never incomplete; an existing one with all modules is not changed.
 * @throws LaconicError with the output of Python or pip; InterruptedError after Ctrl-C
 */
export async function setUpHookPython(context: Context): Promise<void> {
  const { env, cwd, report, signal } = context;
  const target = hookEnvironment(env);
  const python = chosenInterpreter(env, cwd) ?? 'python3';
  if (context.options.dryRun) {
    report.print(
      (await isComplete(target, context))
        ? `would leave ${target}: it has ${packages.join(', ')}`
        : `would make ${target} with ${python}, and install ${packages.join(', ')}`,
    );
    return;
  }
  await makeDirectory(dirname(target));
  await removeLeftovers(target);
  if (await isComplete(target, context)) {
    report.print(`${target}: unchanged, it has ${packages.join(', ')}`);
  } else {
    const made = temporaryBeside(target);
    try {
      report.progress(target, `making a virtual environment with ${python}`);
      await succeed('cannot make a virtual environment', run(python, ['-m', 'venv', made], { env, signal }));
      report.progress(target, `installing ${packages.join(', ')}`);
      const pip = ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check', ...packages];
      await succeed('cannot install the modules', run(interpreterOf(made), pip, { env, signal }));
      if (!(await isComplete(made, context))) {
        throw new LaconicError(`the modules that pip installed cannot be imported: ${packages.join(', ')}`);
      }
      await putInPlace(made, target, context);
    } finally {
      await rm(made, { recursive: true, force: true });
    }
    report.progress(target, 'made', 'done');
    report.endProgress();
    report.print(`${target}: made, with ${packages.join(', ')}`);
  }
  report.info(`more modules: ${interpreterOf(target)} -m pip install <module>`);
  if (chosenInterpreter(env, cwd) !== undefined) {
    report.warn(`${interpreterVariable} is set: hooks run with ${python}, not with ${target}`);
  }
}

function interpreterOf(folder: string): string {
  return join(folder, 'bin', 'python3');
}

async function isComplete(folder: string, { env, signal }: Context): Promise<boolean> {
  if ((await kindOf(interpreterOf(folder))) !== 'file') return false;
  const imports = hookModules.map(({ module }) => `import ${module}`).join('; ');
  // -I: the current directory and PYTHONPATH must not provide a missing module. -B: nothing is written.
  const { code } = await run(interpreterOf(folder), ['-I', '-B', '-c', imports], { env, signal });
  return code === 0;
}

async function succeed(what: string, running: Promise<RunResult>): Promise<void> {
  const { code, stdout, stderr, command } = await running;
  if (code === 0) return;
  // `venv` reports what is missing on stdout.
  throw new LaconicError(`${what}: ${command} ended with exit code ${code}:\n${`${stdout}\n${stderr}`.trim()}`, {
    hint: 'Python 3.8 or newer is needed with its module venv (on Debian: apt-get install python3-venv), and a package index that pip reaches',
  });
}

/** Replaces an old incomplete environment; keeps a complete one that another process has created in the meantime. */
async function putInPlace(made: string, target: string, context: Context): Promise<void> {
  try {
    await rename(made, target);
  } catch (error) {
    if (errorCode(error) !== 'ENOTEMPTY' && errorCode(error) !== 'EEXIST') {
      throw new LaconicError(`cannot rename ${made} to ${target}: ${errorMessage(error)}`, { cause: error });
    }
    if (await isComplete(target, context)) return;
    const old = temporaryBeside(target);
    await rename(target, old);
    await rename(made, target);
    await rm(old, { recursive: true, force: true });
  }
}

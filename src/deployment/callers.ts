import { realpath } from 'node:fs/promises';
import type { Context } from '../system/context.js';
import { LaconicError } from '../system/errors.js';

/** What runs code of a stack that may call us again. */
export type Operation = 'start' | 'update';

/** Tells the programs that hooks and scripts start which operations on which deployments they are a part of. */
export const callersVariable = 'LACONIC_SO_CALLERS';

/**
 * The context for the hooks and scripts of an operation on the deployment at `root`.
 * @throws LaconicError when this program was itself started by them: each would start the next one, for ever
 */
export async function insideOperation(operation: Operation, root: string, context: Context): Promise<Context> {
  const callers = await refuseRecursion([operation], root, context);
  const env = { ...context.env, [callersVariable]: JSON.stringify([...callers, await nameOf(operation, root)]) };
  return { ...context, env };
}

/**
 * For a command that comes to these operations later, so that it refuses before it does anything.
 * @returns the names of all operations that this program was started in
 */
export async function refuseRecursion(
  operations: readonly Operation[],
  root: string,
  context: Context,
): Promise<string[]> {
  const callers = callersOf(context);
  for (const operation of operations) {
    if (!callers.includes(await nameOf(operation, root))) continue;
    const code = operation === 'start' ? 'a start hook or a script of a pod' : 'a create hook';
    throw new LaconicError(
      `${code} of ${root} calls laconic-so to ${operation} that same deployment: this would go on for ever`,
      { hint: `take the call out: the ${operation} that runs the hook is under way` },
    );
  }
  return callers;
}

async function nameOf(operation: Operation, root: string): Promise<string> {
  return `${operation} ${await realpath(root).catch(() => root)}`;
}

/** What is no list was not written by us. */
function callersOf(context: Context): string[] {
  try {
    const known: unknown = JSON.parse(context.env[callersVariable] ?? '[]');
    return Array.isArray(known) ? known.filter((each) => typeof each === 'string') : [];
  } catch {
    return [];
  }
}

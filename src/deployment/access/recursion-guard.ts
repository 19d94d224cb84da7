import { realpath } from 'node:fs/promises';
import type { Context } from '../../system/context.js';
import { LaconicError } from '../../system/errors.js';

/** Operations that run code of a stack, which may call laconic-so again. */
export type Operation = 'start' | 'update';

/**
 * Environment variable for processes of hooks and scripts: the operations, with their deployments, that they run in.
 */
export const callersVariable = 'LACONIC_SO_CALLERS';

/**
 * Returns the context for hooks and scripts of an operation on the deployment at `root`.
 * @throws LaconicError if this process was itself started by them: the recursion would be endless
 */
export async function insideOperation(operation: Operation, root: string, context: Context): Promise<Context> {
  const callers = await refuseRecursion([operation], root, context);
  const env = { ...context.env, [callersVariable]: JSON.stringify([...callers, await nameOf(operation, root)]) };
  return { ...context, env };
}

/**
 * Refuses recursion early, for a command that runs these operations later.
 * @returns the names of all operations that this process was started in
 * @throws LaconicError if one of them is among these operations
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
      `${code} of ${root} calls laconic-so to ${operation} the same deployment: this would never end`,
      { hint: `remove the call: the ${operation} that runs the hook is in progress` },
    );
  }
  return callers;
}

async function nameOf(operation: Operation, root: string): Promise<string> {
  return `${operation} ${await realpath(root).catch(() => root)}`;
}

/** A value that is not a list was not written by laconic-so. */
function callersOf(context: Context): string[] {
  try {
    const known: unknown = JSON.parse(context.env[callersVariable] ?? '[]');
    return Array.isArray(known) ? known.filter((each) => typeof each === 'string') : [];
  } catch {
    return [];
  }
}

import { readFile } from 'node:fs/promises';
import type { HookSource } from './contexts.js';

/** How a `commands.py` asks for its `start` on Docker Compose, as a line of its own outside of any function. */
const asks = /^(START_ON_COMPOSE|start\.compose)\s*(:\s*bool\s*)?=\s*True\b/m;
const hasStart = /^(async\s+)?def\s+start\b|^start\s*=|^from\s.*\bimport\b.*\bstart\b/m;

/**
 * Whether the `start` of a hook module runs on Docker Compose. One written in JavaScript always does. One in Python has
 * to ask for it: most were written when `start` ran on Kubernetes only, and talk to a cluster. The file is read and not
 * imported, as the modules it needs may only be there where it runs.
 * @param stackAsks what the stack's `hooks.start.compose` says
 * @returns `'unasked'` for a module that has a `start`, which is not called
 */
export async function startOnCompose(source: HookSource, stackAsks: boolean): Promise<boolean | 'unasked'> {
  if (source.language === 'javascript' || stackAsks) return true;
  const text = await readFile(source.file, 'utf8');
  if (asks.test(text)) return true;
  return hasStart.test(text) ? 'unasked' : false;
}

import { readFile } from 'node:fs/promises';
import type { HookSource } from './contexts.js';

/** A top-level line by which a `commands.py` asks for its `start` to run on Docker Compose. */
const asks = /^(START_ON_COMPOSE|start\.compose)\s*(:\s*bool\s*)?=\s*True\b/m;
const hasStart = /^(async\s+)?def\s+start\b|^start\s*=|^from\s.*\bimport\b.*\bstart\b/m;

/**
 * Whether the `start` of a hook module runs on Docker Compose. In JavaScript it always does. In Python it has to ask
 * for it: most were written when `start` ran on Kubernetes only, and talk to a cluster. The file is searched, not
 * imported: its modules may be available only to the hook interpreter.
 * @param stackAsks the stack's `hooks.start.compose`
 * @returns `'unasked'` for a module with a `start` that is not called
 */
export async function startOnCompose(source: HookSource, stackAsks: boolean): Promise<boolean | 'unasked'> {
  if (source.language === 'javascript' || stackAsks) return true;
  const text = await readFile(source.file, 'utf8');
  if (asks.test(text)) return true;
  return hasStart.test(text) ? 'unasked' : false;
}

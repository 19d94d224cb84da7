import type { HookCalls, HookName, HookOutcome, HookServices, HookSource } from './contexts.js';

/**
 * Calls one function of a hook module, if the module has it. A hook written in JavaScript must not
 * run beside another one: it sees its environment in `process.env`.
 * @returns whether it was there, and what `init` returned
 * @throws LaconicError that names the file, the line, the function and the reason; InterruptedError after Ctrl-C
 */
export async function callHook<H extends HookName>(
  source: HookSource,
  hook: H,
  call: HookCalls[H],
  services: HookServices,
): Promise<HookOutcome> {
  // Each language is loaded only when a stack uses it.
  if (source.language === 'python') {
    const { callPythonHook } = await import('./python.js');
    return callPythonHook(source, hook, call, services);
  }
  const { callJavaScriptHook } = await import('./javascript.js');
  return callJavaScriptHook(source, hook, call, services);
}

import type { HookCalls, HookName, HookOutcome, HookServices, HookSource } from './contexts.js';

/**
 * Calls a function of a hook module, if the module has it. JavaScript hooks must not run concurrently: their
 * environment is in `process.env`.
 * @returns whether the function exists, and what `init` returned
 * @throws LaconicError with the file, line, function and reason; InterruptedError after Ctrl-C
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

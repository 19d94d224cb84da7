import { createReporter } from '../../src/system/report.js';
import type { Context, GlobalOptions } from '../../src/system/context.js';

/** A context that records its output, for functions that report. */
export interface TestContext extends Context {
  /** The output so far. */
  readonly output: { stdout: string; stderr: string };
  /** Does what Ctrl-C does. */
  readonly interrupt: () => void;
}

/** A context in `cwd` with these global options, which prints nothing. */
export function testContext(
  cwd = process.cwd(),
  options: Partial<GlobalOptions> = {},
  env: NodeJS.ProcessEnv = process.env,
): TestContext {
  const output = { stdout: '', stderr: '' };
  const all: GlobalOptions = {
    quiet: false,
    verbose: false,
    dryRun: false,
    localStack: false,
    debug: false,
    continueOnError: false,
    ...options,
  };
  const streams = {
    stdout: { write: (text: string) => (output.stdout += text) },
    stderr: { write: (text: string) => (output.stderr += text) },
  };
  const report = createReporter(streams, { ...all, color: false });
  const stop = new AbortController();
  return { options: all, report, signal: stop.signal, env, cwd, output, interrupt: () => stop.abort() };
}

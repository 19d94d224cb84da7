import { connectEngine } from '../../src/engine/connect.js';
import { execInService } from '../../src/deployers/compose/operate/exec.js';
import { runComposeJob } from '../../src/deployers/compose/operate/job.js';
import { streamLogs } from '../../src/deployers/compose/operate/logs.js';
import type { ComposeProject } from '../../src/deployers/compose/cli/project.js';
import { startProject } from '../../src/deployers/compose/start/start.js';
import { composeEnvironment } from '../../src/deployers/compose/project/runtime-env.js';
import { type PodScript, runPodScripts } from '../../src/deployers/pod-scripts.js';
import type { ExecOptions, LogsOptions } from '../../src/deployers/deployer.js';
import type { Context } from '../../src/system/context.js';
import { errorMessage, LaconicError } from '../../src/system/errors.js';
import { createReporter } from '../../src/system/report.js';

/** Runs one operation in a process of its own, so that it uses the process's own stdin, stdout and stderr. */
export type Call =
  | { operation: 'exec'; options: ExecOptions }
  | { operation: 'logs'; options: LogsOptions }
  | { operation: 'job'; job: string; args: readonly string[] }
  | { operation: 'scripts'; scripts: readonly PodScript[]; seconds?: number }
  | { operation: 'start'; attached: boolean; directory: string };

/** {@link ComposeProject} without what JSON cannot represent. */
export interface PlainProject {
  name: string;
  files: readonly string[];
  jobFiles: Readonly<Record<string, string>>;
  envFiles: readonly string[];
}

const { project: plain, call } = JSON.parse(process.env.LACONIC_TEST_CALL ?? '') as {
  project: PlainProject;
  call: Call;
};
const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => interrupted.abort());
const options = { quiet: false, verbose: false, debug: false };
const report = createReporter(process, { ...options, color: false });
const context: Context = {
  options: { ...options, dryRun: false, localStack: false, continueOnError: false },
  report,
  signal: interrupted.signal,
  env: process.env,
  cwd: process.cwd(),
};

const project: ComposeProject = {
  ...plain,
  stack: plain.name,
  jobFiles: new Map(Object.entries(plain.jobFiles)),
  env: composeEnvironment([], context),
};

async function perform(): Promise<number> {
  const engine = await connectEngine(context);
  switch (call.operation) {
    case 'exec':
      return execInService(project, call.options, engine, context);
    case 'job':
      return runComposeJob(
        project,
        call.job,
        { args: call.args, env: new Map(), secrets: new Map(), wait: true },
        engine,
        context,
      );
    case 'logs':
      await streamLogs(project, call.options, context);
      return 0;
    case 'scripts':
      await runPodScripts(call.scripts, project, context, call.seconds);
      return 0;
    case 'start':
      await startProject(
        project,
        { services: [], compose: { attached: call.attached }, wait: true, images: new Map(), acceptNewPath: false },
        {
          context,
          engine,
          startedFile: `${call.directory}/.laconic/started.json`,
          imagesFile: `${call.directory}/.laconic/images.yml`,
          removeOrphans: true,
          afterUp: async () => report.info('after up'),
        },
      );
      return 0;
  }
}

try {
  process.exitCode = await perform();
} catch (error) {
  report.error(errorMessage(error));
  if (error instanceof LaconicError && error.hint !== undefined) report.info(error.hint);
  process.exitCode = error instanceof LaconicError ? error.exitCode : 70;
}
process.on('exit', () => process.stderr.write(`memory ${process.resourceUsage().maxRSS}\n`));

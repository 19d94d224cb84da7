import { startProject } from '../../../src/deployers/compose/start/start.js';
import { connectEngine } from '../../../src/engine/connect.js';
import type { Context } from '../../../src/system/context.js';
import { errorMessage } from '../../../src/system/errors.js';
import { createReporter } from '../../../src/system/report.js';

/** Runs one start in a process of its own, on its terminal; LSOUP_START has the request. */
interface Asked {
  name: string;
  files: string[];
  attached: boolean;
  directory: string;
}

const asked = JSON.parse(process.env.LSOUP_START ?? '') as Asked;
const stop = new AbortController();
process.on('SIGINT', () => stop.abort());
const flags = { quiet: false, verbose: false, debug: false };
const context: Context = {
  options: { ...flags, dryRun: false, localStack: false, continueOnError: false },
  report: createReporter(process, { ...flags, color: false }),
  signal: stop.signal,
  env: process.env,
  cwd: asked.directory,
};
try {
  await startProject(
    { name: asked.name, stack: 'shop', files: asked.files, jobFiles: new Map(), envFiles: [], env: process.env },
    {
      services: [],
      compose: { attached: asked.attached },
      wait: true,
      images: new Map(),
      acceptNewPath: false,
    },
    {
      context,
      engine: await connectEngine(context),
      startedFile: `${asked.directory}/.laconic/started.json`,
      imagesFile: `${asked.directory}/.laconic/images.yml`,
      removeOrphans: true,
      afterUp: async () => context.report.info('after up'),
    },
  );
} catch (error) {
  context.report.error(errorMessage(error));
  process.exitCode = 1;
}

import type { Command } from 'commander';
import type { Context } from '../system/context.js';
import { parsePath } from './shared/arguments.js';
import { declare as declareExec } from './deployment/exec.js';
import { declare as declareLogs } from './deployment/logs.js';
import { declare as declarePort } from './deployment/port.js';
import { declare as declarePs } from './deployment/ps.js';
import { declare as declarePushImages } from './deployment/push-images.js';
import { declare as declareRender } from './deployment/render.js';
import { declare as declareRestart } from './deployment/restart.js';
import { declare as declareRunJob } from './deployment/run-job.js';
import { declare as declareSplit } from './deployment/split.js';
import { declare as declareStart } from './deployment/start.js';
import { declare as declareStatus } from './deployment/status.js';
import { declare as declareStop } from './deployment/stop.js';
import { declare as declareUpdateEnvs } from './deployment/update-envs.js';
import { configure } from './shared/program.js';

/** Declares `deployment --dir D` and its subcommands. */
export function declare(command: Command, contextOf: (command: Command) => Context): void {
  configure(command)
    .option('--dir <path>', 'the deployment directory (required)', parsePath)
    .option('--lock-wait <seconds>', 'how long to wait for another command on this deployment to finish', '0');
  declareStart(command, contextOf);
  declareStop(command, contextOf);
  declareRestart(command, contextOf);
  declareStatus(command, contextOf);
  declarePs(command, contextOf);
  declareLogs(command, contextOf);
  declareExec(command, contextOf);
  declarePort(command, contextOf);
  declareRunJob(command, contextOf);
  declareUpdateEnvs(command, contextOf);
  declarePushImages(command, contextOf);
  declareRender(command, contextOf);
  declareSplit(command, contextOf);
}

import type { Command } from 'commander';
import type { Context } from '../system/context.js';
import { parsePath } from './shared/arguments.js';
import declareExec from './deployment/exec.js';
import declareLogs from './deployment/logs.js';
import declarePort from './deployment/port.js';
import declarePs from './deployment/ps.js';
import declarePushImages from './deployment/push-images.js';
import declareRender from './deployment/render.js';
import declareRestart from './deployment/restart.js';
import declareRunJob from './deployment/run-job.js';
import declareSplit from './deployment/split.js';
import declareStart from './deployment/start.js';
import declareStatus from './deployment/status.js';
import declareStop from './deployment/stop.js';
import declareUpdateEnvs from './deployment/update-envs.js';
import { configure } from './shared/program.js';

/** Declares `deployment --dir D` and its subcommands. */
export default function declare(command: Command, contextOf: (command: Command) => Context): void {
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

import type { Engine } from '../../../engine/connect.js';
import { listProjectContainers } from '../../../engine/containers.js';
import type { Context } from '../../../system/context.js';
import { run } from '../../../system/process/process.js';
import type { TransferContainers } from '../../transfer.js';
import type { ComposeProject } from '../cli/project.js';
import { runtimeArguments } from './exec.js';

/** States that a container does not leave on its own. */
const stopped = new Set<string>(['exited', 'dead', 'paused', 'removing']);

/** The containers of a project, by id, for transfers. */
export function projectContainers(
  project: ComposeProject,
  engine: Engine,
  { env }: Context,
): TransferContainers<string> {
  return {
    find: async (service) => {
      const all = await listProjectContainers(engine, project.name);
      const found = all.filter((container) => container.service === service && !container.oneOff);
      const running = found.find(({ state }) => state === 'running');
      if (running !== undefined) return { running: running.id };
      const hopeless = found.find(({ state }) => stopped.has(state));
      if (hopeless !== undefined) {
        return { why: `is not running: ${hopeless.name} is ${hopeless.state}`, hopeless: true };
      }
      const [other] = found;
      return other === undefined
        ? { why: 'has no container', hopeless: true }
        : { why: `is ${other.state}`, hopeless: false };
    },
    exec: async (container, command, input, signal) => {
      const args = ['exec', '--interactive', ...runtimeArguments(project), container, ...command];
      return run('docker', args, { env, signal, input });
    },
  };
}

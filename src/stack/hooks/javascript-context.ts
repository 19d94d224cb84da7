import { join, resolve } from 'node:path';
import type { GlobalOptions } from '../../system/context.js';
import type {
  DeployCommandContext,
  DeploymentContext,
  CreateMode,
  HookCalls,
  HookName,
  HookServices,
  VolumeMapping,
} from './contexts.js';
import { readDeploymentYaml, writeDeploymentYaml } from './deployment-files.js';
import { fromPlain, toPlain } from './values.js';
import { dumpYaml, loadYaml } from './yaml-edit.js';

/** What every JavaScript hook can use. */
export interface HookTools {
  /** The global options of the program. */
  readonly options: GlobalOptions;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  readonly yaml: { load(text: string): unknown; dump(value: unknown): string };
  /** Runs `sh -c <command>` in a fresh container of the service's image; resolves to its stdout. */
  runContainerCommand(service: string, command: string, mounts?: readonly VolumeMapping[]): Promise<string>;
}

/** First argument of `init` and `setup` in JavaScript. */
export type JavaScriptCommandContext = DeployCommandContext & HookTools;

/** First argument of `create` and `start` in JavaScript. */
export interface JavaScriptDeploymentContext extends DeploymentContext, HookTools {
  /** Null in `start`. */
  readonly mode: CreateMode | null;
  /** Returns the path of a pod's compose file. */
  composeFile(pod: string): string;
  /** Lets `change` modify the value of a YAML file of the deployment; the file's comments are kept. */
  modifyYaml(path: string, change: (value: unknown) => unknown): Promise<void>;
}

/** The arguments of a JavaScript hook. They are copies, so that a hook cannot change our data. */
export function javascriptArguments(call: HookCalls[HookName], services: HookServices): unknown[] {
  if ('parameters' in call) {
    return [commandContext(call.context, services), { ...call.parameters }, [...call.extraArgs]];
  }
  if ('mode' in call) return [deploymentContext(call.context, call.mode, services), [...call.extraArgs]];
  if ('deploymentDir' in call.context) return [deploymentContext(call.context, null, services)];
  return [commandContext(call.context, services)];
}

function tools(services: HookServices): HookTools {
  const { context } = services;
  return {
    options: { ...context.options },
    signal: context.signal,
    yaml: {
      load: (text) => toPlain(loadYaml(text, 'YAML text'), 'value'),
      dump: (value) => dumpYaml(fromPlain(value)),
    },
    runContainerCommand: (service, command, mounts = []) =>
      services.runContainerCommand(
        service,
        command,
        mounts.map(({ hostPath, containerPath }) => ({ hostPath: resolve(context.cwd, hostPath), containerPath })),
      ),
  };
}

function commandContext(context: DeployCommandContext, services: HookServices): JavaScriptCommandContext {
  return { ...structuredClone(context), ...tools(services) };
}

function deploymentContext(
  context: DeploymentContext,
  mode: CreateMode | null,
  services: HookServices,
): JavaScriptDeploymentContext {
  return {
    ...structuredClone(context),
    ...tools(services),
    mode,
    composeFile: (pod) => join(context.paths.composeDir, `docker-compose-${pod}.yml`),
    modifyYaml: async (path, change) => {
      const file = await readDeploymentYaml(context.deploymentDir, path);
      const value = toPlain(file.value, 'value');
      await change(value);
      await writeDeploymentYaml(file, fromPlain(value));
    },
  };
}

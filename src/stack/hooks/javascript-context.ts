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

/** What every JavaScript hook can do. */
export interface HookTools {
  /** The global options the program was called with. */
  readonly options: GlobalOptions;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  readonly yaml: { load(text: string): unknown; dump(value: unknown): string };
  /** Runs `sh -c <command>` in a fresh container of the service's image; resolves to its stdout. */
  runContainerCommand(service: string, command: string, mounts?: readonly VolumeMapping[]): Promise<string>;
}

/** What `init` and `setup` written in JavaScript are called with first. */
export type JavaScriptCommandContext = DeployCommandContext & HookTools;

/** What `create` and `start` written in JavaScript are called with first. */
export interface JavaScriptDeploymentContext extends DeploymentContext, HookTools {
  /** Null in `start`. */
  readonly mode: CreateMode | null;
  /** Path of the compose file of a pod. */
  composeFile(pod: string): string;
  /** Lets `change` alter the value of a YAML file of the deployment; the file's comments stay. */
  modifyYaml(path: string, change: (value: unknown) => unknown): Promise<void>;
}

/** The arguments of a JavaScript hook: copies, so that a hook cannot change what we hold. */
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

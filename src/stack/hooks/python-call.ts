import type { GlobalOptions } from '../../system/context.js';
import type { DeployCommandContext, DeploymentContext, HookCalls, HookName, HookSource } from './contexts.js';
import { fromPlain } from './values.js';
import { toWire, type Wire } from './wire.js';

/**
 * The first line sent to the Python side: what to call and with which arguments, named as hooks of the Python program
 * expect.
 */
export function pythonCall<H extends HookName>(
  source: HookSource,
  hook: H,
  call: HookCalls[H],
  options: GlobalOptions,
): Wire {
  const base = { file: source.file, hook, options: optionsWire(options) };
  // Comparing `hook` does not narrow a generic H, so each call is recognised by its members.
  const any: HookCalls[HookName] = call;
  if ('parameters' in any) {
    return {
      ...base,
      context: commandContextWire(any.context),
      parameters: {
        chain_id: any.parameters.chainId,
        node_moniker: any.parameters.nodeMoniker,
        key_name: any.parameters.keyName,
        initialize_network: any.parameters.initializeNetwork,
        join_network: any.parameters.joinNetwork,
        connect_network: any.parameters.connectNetwork,
        create_network: any.parameters.createNetwork,
        gentx_file_list: any.parameters.gentxFileList,
        gentx_address_list: any.parameters.gentxAddressList,
        genesis_file: any.parameters.genesisFile,
        network_dir: any.parameters.networkDir,
      },
      extra_args: [...any.extraArgs],
    };
  }
  if ('mode' in any) {
    return { ...base, context: deploymentContextWire(any.context, any.mode), extra_args: [...any.extraArgs] };
  }
  if ('deploymentDir' in any.context) return { ...base, context: deploymentContextWire(any.context, null) };
  return { ...base, context: commandContextWire(any.context) };
}

function optionsWire(options: GlobalOptions): Wire {
  return {
    stack: options.stack ?? null,
    quiet: options.quiet,
    verbose: options.verbose,
    dry_run: options.dryRun,
    local_stack: options.localStack,
    debug: options.debug,
    continue_on_error: options.continueOnError,
  };
}

function commandContextWire(context: DeployCommandContext): Wire {
  const cluster = context.clusterContext;
  return {
    stack: context.stack,
    cluster_context: {
      cluster: cluster.cluster,
      compose_files: [...cluster.composeFiles],
      pre_start_commands: [...cluster.preStartCommands],
      post_start_commands: [...cluster.postStartCommands],
      config: toWire(fromPlain(cluster.config)),
      env_file: cluster.envFile,
      job_compose_files: cluster.jobComposeFiles === null ? null : [...cluster.jobComposeFiles],
    },
    deployer_type: context.deployer.type,
  };
}

function deploymentContextWire(context: DeploymentContext, mode: string | null): Wire {
  return {
    deployment_dir: context.deploymentDir,
    id: context.id,
    deployment_id: context.deploymentId,
    namespace: context.namespace,
    mode,
    spec: toWire(fromPlain(context.spec)),
    stack_name: context.stack.name,
    stack_obj: toWire(fromPlain(context.stack.obj)),
    paths: {
      stack_file: context.paths.stackFile,
      spec_file: context.paths.specFile,
      env_file: context.paths.envFile,
      deployment_file: context.paths.deploymentFile,
      compose_dir: context.paths.composeDir,
    },
  };
}

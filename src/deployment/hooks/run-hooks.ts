import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runInFreshContainer } from '../../engine/run-container.js';
import { callHook } from '../../stack/hooks/call-hook.js';
import type {
  DeployCommandContext,
  DeploymentContext,
  HookCalls,
  HookName,
  HookOutcome,
  HookServices,
  HookSource,
  SetupParameters,
} from '../../stack/hooks/contexts.js';
import type { Context } from '../../system/context.js';
import { LaconicError } from '../../system/errors.js';
import { secretMode } from '../../system/files/files.js';
import { withTemporaryFolder } from '../../system/files/temporary-files.js';
import { withinLimit } from '../../system/process/limit.js';
import { mapOf } from '../../system/plain-map.js';
import { callersVariable, insideOperation } from '../access/recursion-guard.js';
import { readComposeFiles } from '../compose/compose-files.js';
import type { DeploymentLayout } from '../directory/layout.js';
import { acceptHookEdits } from '../directory/manifest.js';
import { type Deployment, readDeployment } from '../access/open.js';
import type { HookCluster, TargetGenerators } from '../access/target.js';
import { warnAboutUnusedHooks } from '../../stack/assets.js';
import { startOnCompose } from '../../stack/hooks/start-on-compose.js';
import type { LoadedStack } from '../../stack/load.js';
import type { Stack } from '../../stack/parse.js';
import { numberedHook } from './hook-files.js';

/** The arguments of `deploy create` that are passed to create hooks, also on every update. */
export interface CreateArguments {
  networkDir: string | null;
  initialPeers: string | null;
  extraArgs: string[];
}

/** Facts about the command for hooks of init and the quick workflow. */
export interface CommandFacts {
  deployTo: string;
  project: string;
  envFile: string | null;
}

/**
 * Calls `init` of the first hook module that has one; a message names the others.
 * @returns the map it returned, or undefined
 */
export async function runInitHook(
  loaded: LoadedStack,
  facts: CommandFacts,
  context: Context,
): Promise<HookOutcome['result']> {
  let answer: HookOutcome | undefined;
  for (const source of await loaded.assets.hookSources()) {
    if (answer !== undefined) {
      context.report.print(`Skipping init() from plugin ${source.file}. Only one init() is allowed.`);
      continue;
    }
    const call = { context: await commandContext(loaded, facts) };
    const outcome = await callWithServices(source, 'init', call, loaded, context);
    if (outcome.called) answer = outcome;
  }
  return answer?.result;
}

/** Calls every `setup` hook, in stack order. */
export async function runSetupHooks(
  loaded: LoadedStack,
  facts: CommandFacts,
  parameters: SetupParameters,
  extraArgs: readonly string[],
  context: Context,
): Promise<void> {
  await warnAboutUnusedHooks(loaded.assets, context.report);
  for (const source of await loaded.assets.hookSources()) {
    const call = { context: await commandContext(loaded, facts), parameters, extraArgs };
    await callWithServices(source, 'setup', call, loaded, context);
  }
}

/** The hooks that {@link runCreateHooks} will call, as the journal names them. */
export async function createHookLabels(loaded: LoadedStack): Promise<string[]> {
  return (await loaded.assets.hookSources()).map(createHookLabel);
}

function createHookLabel(source: HookSource): string {
  return `create of ${source.file}`;
}

/**
 * Calls every `create` hook of the stack on this directory, in stack order; `before` is called with each hook's label
 * first.
 */
export async function runCreateHooks(
  layout: DeploymentLayout,
  loaded: LoadedStack,
  createArguments: CreateArguments,
  mode: 'create' | 'update',
  targets: TargetGenerators,
  context: Context,
  before: (hook: string) => Promise<void> = async () => undefined,
): Promise<void> {
  const extraArgs = [createArguments.networkDir, createArguments.initialPeers, ...createArguments.extraArgs];
  const sources = await loaded.assets.hookSources();
  if (sources.length === 0) return;
  const deployment = await readDeployment(layout);
  const cluster = await clusterFor(deployment, targets, context);
  const inside = mode === 'update' ? await insideOperation('update', layout.root, context) : context;
  for (const source of sources) {
    await before(createHookLabel(source));
    const call = { context: deploymentContext(deployment, cluster), mode, extraArgs };
    await callWithServices(source, 'create', call, loaded, inside, cluster);
  }
  await acceptHookEdits(layout);
}

/**
 * Calls the `start` hooks that were copied into the deployment, in the order of their file names. On Docker Compose,
 * Python hooks that do not ask for it are only mentioned. A dry run only lists the hooks.
 * @param seconds time limit for each (`--wait-timeout`); absent: no limit
 */
export async function runStartHooks(
  { layout, spec, stack }: Deployment,
  targets: TargetGenerators,
  context: Context,
  seconds?: number,
): Promise<void> {
  const kept = await keptHooks(layout);
  const sources = spec.deployTo === 'compose' ? await wantedOnCompose(kept, stack, context) : kept;
  if (context.options.dryRun) {
    for (const { file } of sources) context.report.print(`would call start of ${file}`);
    return;
  }
  if (sources.length === 0) return;
  // The start may have joined another cluster than was planned.
  const deployment = await readDeployment(layout);
  const cluster = await clusterFor(deployment, targets, context);
  const call = { context: deploymentContext(deployment, cluster) };
  for (const source of sources) {
    await withinLimit(`start of ${source.file}`, seconds, context, (inside) =>
      callWithServices(source, 'start', call, undefined, inside, cluster),
    );
  }
}

async function wantedOnCompose(kept: readonly HookSource[], stack: Stack, context: Context): Promise<HookSource[]> {
  const wanted: HookSource[] = [];
  for (const source of kept) {
    const runs = await startOnCompose(source, stack.startHooksOnCompose);
    if (runs === true) wanted.push(source);
    if (runs === 'unasked') {
      context.report.info(
        `start of ${source.file} is for Kubernetes and is not called on Compose (set START_ON_COMPOSE = True in the file to call it)`,
      );
    }
  }
  return wanted;
}

async function clusterFor(
  deployment: Deployment,
  targets: TargetGenerators,
  context: Context,
): Promise<HookCluster | undefined> {
  return (await targets(deployment.spec.deployTo, context))?.hookCluster(deployment);
}

async function keptHooks({ hooks }: DeploymentLayout): Promise<HookSource[]> {
  const names = await readdir(hooks).catch(() => [] as string[]);
  const single = names.filter((name) => /^commands\.(py|mjs|js)$/.test(name));
  return (single.length > 0 ? single : names.filter((name) => numberedHook.test(name)))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((name) => ({ file: join(hooks, name), language: name.endsWith('.py') ? 'python' : 'javascript' }));
}

async function commandContext(loaded: LoadedStack, facts: CommandFacts): Promise<DeployCommandContext> {
  const { stack, assets, location } = loaded;
  const composeFiles = await Promise.all(stack.pods.map((pod) => assets.podFile(pod)));
  const jobFiles = await Promise.all(stack.jobs.map((job) => assets.jobFile(job)));
  const scripts = (kind: 'preStartCommand' | 'postStartCommand'): string[] =>
    stack.pods.flatMap((pod) => (pod[kind] === undefined ? [] : [assets.podScript(pod, pod[kind])]));
  return {
    stack: location.directory,
    clusterContext: {
      cluster: facts.project,
      composeFiles,
      preStartCommands: scripts('preStartCommand'),
      postStartCommands: scripts('postStartCommand'),
      config: mapOf(stack.yaml.value).config ?? null,
      envFile: facts.envFile,
      jobComposeFiles: jobFiles.length > 0 ? jobFiles.filter((file) => file !== undefined) : null,
    },
    deployer: { type: facts.deployTo },
  };
}

function deploymentContext(deployment: Deployment, cluster: HookCluster | undefined): DeploymentContext {
  const { layout, record, spec, stack } = deployment;
  return {
    deploymentDir: layout.root,
    id: record.clusterId,
    deploymentId: record.deploymentId,
    namespace: cluster?.namespace ?? null,
    spec: mapOf(spec.yaml.value),
    stack: { name: spec.stack, obj: mapOf(stack.yaml.value) },
    paths: {
      stackFile: layout.stack,
      specFile: layout.spec,
      envFile: layout.configEnv,
      deploymentFile: layout.deployment,
      composeDir: layout.compose,
    },
  };
}

/** A hook must never reach a cluster other than this deployment's: on Compose, KUBECONFIG is an empty file. */
async function callWithServices<H extends HookName>(
  source: HookSource,
  hook: H,
  call: HookCalls[H],
  loaded: LoadedStack | undefined,
  context: Context,
  cluster?: HookCluster,
): Promise<HookOutcome> {
  return withTemporaryFolder('hook', async (folder) => {
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(kubeconfig, cluster?.kubeconfig ?? '', { mode: secretMode });
    const services: HookServices = {
      context,
      env: { KUBECONFIG: kubeconfig, ...ours(context.env) },
      runContainerCommand: async (service, command, mounts) =>
        runInFreshContainer(await imageOf(service, loaded), command, mounts, {
          env: context.env,
          signal: context.signal,
        }),
    };
    return callHook(source, hook, call, services);
  });
}

/** Tells a laconic-so that the hook calls in which operations it runs. */
function ours(env: NodeJS.ProcessEnv): Record<string, string> {
  const set = ['LACONIC_SO_LOCK', callersVariable].map((name) => [name, env[name]] as const);
  return Object.fromEntries(set.filter((entry): entry is [string, string] => Boolean(entry[1])));
}

async function imageOf(service: string, loaded: LoadedStack | undefined): Promise<string> {
  const files = loaded === undefined ? [] : (await readComposeFiles(loaded.stack, loaded.assets)).files;
  const image = files
    .map(({ file }) => file.services.get(service)?.image)
    .filter((found) => found !== undefined)
    .at(-1);
  if (image === undefined)
    throw new LaconicError(`no compose file of the stack has a service ${service} with an image`);
  return image;
}

import { createHash } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { type LoadedStack, loadStack } from '../../stack/load.js';
import { connectEngine, type Engine } from '../../engine/connect.js';
import { listProjectContainers } from '../../engine/containers.js';
import { whySilent } from '../../engine/silence.js';
import { selectNames, reportSelection } from '../../stack/select.js';
import type { PodFile } from '../../stack/parse.js';
import type { Context } from '../../system/context.js';
import { LaconicError } from '../../system/errors.js';
import { kindOf, readTextIfAny } from '../../system/files/files.js';
import { isProjectName } from '../../deployment/directory/ids.js';
import type { Project, QuickOptions } from '../deployer.js';
import { checkProjectOwner } from './resources/foreign-project.js';
import type { ComposeProject } from './cli/project.js';
import { InPlaceProject } from './in-place-project.js';
import { composeEnvironment, engineFlags } from './project/runtime-env.js';

/**
 * Opens a stack that runs in place: its own compose files, plain volumes, no deployment directory.
 * @throws LaconicError
 */
export async function inPlaceProjectOf(reference: string, options: QuickOptions, context: Context): Promise<Project> {
  const loaded = await loadStack(reference, context);
  const pods = selectPods(loaded.stack.pods, options, context);
  const engine = await connectEngine(context);
  const silence = context.options.dryRun ? await whySilent(engine, context.signal) : undefined;
  const project = await quickProject(
    reference,
    loaded,
    pods,
    options,
    silence === undefined ? engine : undefined,
    context,
  );
  const scripts = (kind: 'preStartCommand' | 'postStartCommand') =>
    pods.flatMap((pod) =>
      pod[kind] === undefined ? [] : [{ path: loaded.assets.podScript(pod, pod[kind]), pod: pod.name }],
    );
  const files = await Promise.all(loaded.stack.pods.map((pod) => loaded.assets.podFile(pod).catch(() => undefined)));
  const places = files.flatMap((file) => (file === undefined ? [] : dirname(file)));
  const owner = { places, named: options.cluster !== undefined };
  return new InPlaceProject(
    {
      project,
      silence,
      checkOwner: () => checkProjectOwner(project, owner, engine, context),
      scripts: {
        preStart: scripts('preStartCommand'),
        postStart: scripts('postStartCommand'),
        transfers: loaded.stack.transfers,
      },
    },
    engine,
    context,
  );
}

function selectPods(pods: readonly PodFile[], options: QuickOptions, context: Context): PodFile[] {
  const selection = selectNames(
    pods.map((pod) => pod.name),
    options,
  );
  reportSelection(selection, context.report);
  const { selected } = selection;
  if (selected.length === 0 && pods.length > 0) {
    throw new LaconicError('--include and --exclude leave no pod to deploy', {
      hint: `pods: ${pods.map((pod) => pod.name).join(', ')}`,
    });
  }
  return pods.filter((pod) => selected.includes(pod.name));
}

async function quickProject(
  reference: string,
  loaded: LoadedStack,
  pods: readonly PodFile[],
  options: QuickOptions,
  engine: Engine | undefined,
  context: Context,
): Promise<ComposeProject> {
  const envFile = options.envFile === undefined ? undefined : resolve(context.cwd, options.envFile);
  if (envFile !== undefined && (await kindOf(envFile)) !== 'file') {
    throw new LaconicError(`--env-file ${options.envFile ?? ''} does not exist`);
  }
  const text = envFile === undefined ? undefined : await readTextIfAny(envFile);
  const read = envFile === undefined || text === undefined ? [] : [{ path: envFile, text }];
  const files = await Promise.all(pods.map((pod) => loaded.assets.podFile(pod)));
  return {
    name: await projectName(reference, loaded, options, engine, context),
    stack: reference,
    files,
    jobFiles: new Map(),
    envFiles: envFile === undefined ? [] : [envFile],
    env: composeEnvironment(read, context),
    dockerFlags: engineFlags(read, context),
  };
}

/** @param engine absent if it cannot be queried for containers of the Python program */
async function projectName(
  reference: string,
  loaded: LoadedStack,
  options: QuickOptions,
  engine: Engine | undefined,
  { cwd }: Context,
): Promise<string> {
  if (options.cluster !== undefined) {
    if (isProjectName(options.cluster)) return options.cluster;
    throw new LaconicError(
      `--cluster ${options.cluster} is not a Compose project name: lower-case letters, digits, - and _`,
    );
  }
  const { current, former } = projectNames(reference, loaded, options, cwd);
  if (engine === undefined || former === current) return current;
  const [now, before] = await Promise.all([current, former].map((name) => listProjectContainers(engine, name)));
  return now?.length === 0 && before !== undefined && before.length > 0 ? former : current;
}

/**
 * The project name of a stack run in place: derived from the stack's real location, so that it does not depend on the
 * spelling of the path or the selected pods; and the name that the Python program used, for containers it left running.
 */
export function projectNames(
  reference: string,
  loaded: Pick<LoadedStack, 'location'>,
  options: Pick<QuickOptions, 'include' | 'exclude'>,
  cwd: string,
): { current: string; former: string } {
  const { location } = loaded;
  const place = location.external ? location.directory : reference;
  const typed = location.external ? reference.replace(/^\.\//, '') : location.directory;
  const hash = (text: string): string => `laconic-${createHash('md5').update(text).digest('hex').slice(0, 16)}`;
  return {
    current: hash(`internal,${place},None,None`),
    former: hash(
      `internal,${typed.startsWith('~') ? resolve(cwd, typed) : typed},${options.include ?? 'None'},${options.exclude ?? 'None'}`,
    ),
  };
}

import type { Deployment } from '../../../deployment/access/open.js';
import { connectEngine } from '../../../engine/connect.js';
import { whySilent } from '../../../engine/silence.js';
import type { Context } from '../../../system/context.js';
import { InterruptedError, isExplained } from '../../../system/errors.js';
import { abortedAfter } from '../../../system/process/limit.js';
import type { StartOptions } from '../../deployer.js';
import { Certificates } from '../ingress/certificates.js';
import type { Action } from '../apply/actions.js';
import type { ClusterApi } from '../api/api.js';
import { ClusterError } from '../api/errors.js';
import { hashAnnotation } from '../apply/hash.js';
import { observe } from '../apply/observe.js';
import { type ApplyPlan, planApply } from '../apply/plan.js';
import { apiOf, clusterNameOf, clusterOf } from '../api/deployment-cluster.js';
import { imageIdsOf } from '../kind/pod-images.js';
import { chooseCluster, listKindClusters } from '../kind/clusters.js';
import { kindLines, type KindPlace } from './kind-preview.js';
import { describeObject } from '../objects/common/object.js';
import { type PreparedInput, prepareObjects, type ObjectsOptions } from '../input/prepare.js';
import { withSelectedAddresses } from '../input/selected-addresses.js';

/**
 * Time limit for all requests of a plan to the API server, before it is made from the files alone: a large deployment
 * on a busy machine takes seconds.
 */
const patienceMs = 20_000;

/** The cluster of a deployment for a dry run: a connection to it, or why there is none. */
type Reached =
  | { readonly api: ClusterApi; readonly kind?: KindPlace }
  | { readonly missing: KindPlace }
  | { readonly silence: string };

/**
 * Returns what a start would do to the cluster, one line each, planned by the code that executes it. Changes nothing;
 * if the cluster does not answer, the plan is made from the files alone.
 * @throws LaconicError for what the start would refuse, too
 */
export async function previewKubernetesStart(
  deployment: Deployment,
  options: StartOptions,
  how: Pick<ObjectsOptions, 'images' | 'requireToken' | 'files'>,
  context: Context,
): Promise<string[]> {
  const { inside, patience } = patienceOf(context);
  const reached = await reach(deployment, inside);
  const api = 'api' in reached ? reached.api : undefined;
  const kind = 'silence' in reached ? undefined : 'missing' in reached ? reached.missing : reached.kind;
  const imageIds = kind && { imageIds: (references: readonly string[]) => imageIdsOf(kind.engine, references) };
  const certificates = api && new Certificates(() => Promise.resolve(api));
  try {
    const more = certificates && { certificates: (namespace: string) => certificates.valid(namespace) };
    const prepared = await prepareObjects(deployment, { ...how, ...imageIds, ...more }, context);
    const manage = options.kubernetes?.manageCluster ?? false;
    const before = kind === undefined ? [] : await kindLines(kind, prepared, deployment, manage, inside);
    if (!('api' in reached)) return [headline(prepared, deployment), ...unknownLines(prepared, reached, before)];
    const { identity, objects } = await withSelectedAddresses(prepared, reached.api);
    const observed = await observe(reached.api, identity, objects);
    const plan = planApply(identity, objects, observed);
    for (const line of plan.warnings) context.report.warn(line);
    for (const line of plan.remarks) context.report.info(line);
    return [headline(prepared, deployment), ...indented(before), ...planLines(plan, options.restart === true)];
  } catch (error) {
    const silence = context.signal.aborted || api === undefined ? undefined : silenceOf(error, patience);
    if (silence === undefined) throw error;
    const prepared = await prepareObjects(deployment, { ...how, ...imageIds }, context);
    return [headline(prepared, deployment), ...unknownLines(prepared, { silence })];
  }
}

/** A context whose requests end with the time limit of a dry run. */
export function patienceOf(context: Context): { inside: Context; patience: AbortSignal } {
  const patience = abortedAfter(patienceMs);
  return { inside: { ...context, signal: AbortSignal.any([context.signal, patience]) }, patience };
}

/** Connects to a deployment's cluster, without starting, creating or recording anything. */
export async function reach(deployment: Deployment, context: Context): Promise<Reached> {
  try {
    const target = clusterOf(deployment);
    if (target.kind === 'k8s') return { api: await apiOf(target, context) };
    const engine = await connectEngine(context);
    const silence = await whySilent(engine, context.signal);
    if (silence !== undefined) return { silence };
    const fixed = deployment.spec.kindClusterName !== undefined;
    const choice = chooseCluster(await listKindClusters(engine), clusterNameOf(deployment), fixed);
    if (choice.kind !== 'existing') return { missing: { engine, name: clusterNameOf(deployment), nodes: [] } };
    const { name, nodes } = choice.cluster;
    if (nodes.some(({ running }) => !running)) return { silence: `the kind cluster ${name} is stopped` };
    const api = await apiOf({ kind: 'k8s-kind', cluster: name }, context);
    return { api, kind: { engine, name, nodes, api } };
  } catch (error) {
    if (!isExplained(error)) throw error;
    return { silence: error.message };
  }
}

/** Returns why nothing is known, if an error means that the API server did not answer; else undefined. */
export function silenceOf(error: unknown, patience: AbortSignal): string | undefined {
  if (error instanceof InterruptedError && patience.aborted) {
    return `the API server did not answer within ${patienceMs / 1000} s`;
  }
  return error instanceof ClusterError && (error.status === undefined || error.status >= 500)
    ? error.message
    : undefined;
}

function headline({ objects, identity }: PreparedInput, { spec, record }: Deployment): string {
  const cluster = spec.deployTo === 'k8s-kind' ? ` of the kind cluster ${clusterNameOf({ spec, record })}` : '';
  return `would apply ${objects.length} objects to namespace ${identity.namespace}${cluster}:`;
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

/** @param before what is done before the objects are applied, if known */
function unknownLines(
  { objects }: PreparedInput,
  reached: Exclude<Reached, { api: ClusterApi }>,
  before: readonly string[] = [],
): string[] {
  if ('missing' in reached) {
    const cluster = `create the kind cluster ${reached.missing.name}`;
    return indented([cluster, ...before, ...objects.map((one) => `create ${describeObject(one)}`)]);
  }
  return [`  from the files alone: ${reached.silence}`, ...objects.map((one) => `  ${describeObject(one)}`)];
}

/**
 * Returns a line for each object that is written or deleted, in the plan's order, and one for all unchanged ones. Pure.
 */
export function planLines({ actions, removals }: ApplyPlan, restart: boolean): string[] {
  const kept = actions.filter((action) => action.do === 'keep');
  const restarted = restart ? kept.filter(({ object }) => object.kind === 'Deployment') : [];
  const left = kept.length - restarted.length;
  return [
    ...actions.flatMap((action) => actionLine(action)),
    ...restarted.map(({ object }) => `  restart ${describeObject(object)}`),
    ...removals.map(({ live }) => `  delete ${describeObject(live)}: it is no longer in the stack`),
    ...(left === 0 ? [] : [`  leave ${left} ${left === 1 ? 'object' : 'objects'}: nothing differs`]),
  ];
}

function actionLine(action: Action): string[] {
  const name = describeObject(action.object);
  switch (action.do) {
    case 'keep':
      return [];
    case 'create':
      return [`  create ${name}`];
    case 'replace':
      return [`  replace ${action.why}`];
    case 'label':
      return [`  mark ${name} as this deployment's`];
    case 'apply': {
      const removed = action.removed.map((path) => `${path} (removed)`);
      const changed = [...action.changed.filter((path) => !path.endsWith(hashAnnotation)), ...removed];
      const adopted = action.adopt ? ['another client created it'] : [];
      const shown = [...changed.slice(0, shownPaths), ...adopted];
      if (changed.length > shownPaths) shown.push(`and ${changed.length - shownPaths} more`);
      return [shown.length === 0 ? `  change ${name}` : `  change ${name}: ${shown.join(', ')}`];
    }
  }
}

/** The number of changed fields listed per object. */
const shownPaths = 5;

import { basename, dirname, join } from 'node:path';
import type { Deployment } from '../../../deployment/access/open.js';
import { readReported } from '../../../deployment/checks/reported-warnings.js';
import { originalOf } from '../../../deployment/directory/place.js';
import { jobOverrides, podOverrides } from '../../../deployment/create/spec-overrides.js';
import type { Engine } from '../../../engine/connect.js';
import { composeLabels, listProjectContainers, type ProjectContainer } from '../../../engine/containers.js';
import { whySilent } from '../../../engine/silence.js';
import { credentialSecrets, parseEnvFile } from '../../../spec/environment.js';
import { parseSecretsEnv, secretTexts } from '../../../spec/generated-secrets.js';
import type { PodFile } from '../../../stack/parse.js';
import type { Context } from '../../../system/context.js';
import { isExplained, LaconicError } from '../../../system/errors.js';
import { isSamePlace, kindOf, readTextIfAny } from '../../../system/files/files.js';
import type { ComposeProject } from '../cli/project.js';
import { composeEnvironment, type EnvFileText, engineFlags } from './runtime-env.js';
import { withWrittenSecrets } from './secret-values.js';

/** A deployment's Compose project, and its state on the engine. */
export interface OpenedProject {
  project: ComposeProject;
  /** Its containers, listed to check their owner; undefined in a dry run without an engine. */
  containers: readonly ProjectContainer[] | undefined;
  /** In a dry run, why the engine could not be asked; undefined where it answers. */
  silence?: string | undefined;
  /** Why its files cannot be used. The project then only has a name. */
  problem?: LaconicError;
}

/**
 * Opens the Compose project of a deployment directory. Its containers, if any, show whether another directory started
 * it, and how that path was spelt. Unusable files are returned as a problem instead of failing: containers can be
 * listed and stopped without them.
 * @throws LaconicError if the containers belong to another directory, or this is a copy of another one
 */
export async function deploymentProject(
  deployment: Deployment,
  engine: Engine,
  context: Context,
): Promise<OpenedProject> {
  const { layout, record } = deployment;
  const name = record.clusterId;
  const silence = context.options.dryRun ? await whySilent(engine, context.signal) : undefined;
  const containers = silence === undefined ? await listProjectContainers(engine, name) : undefined;
  const spelling = await runningSpelling(layout.compose, name, containers ?? []);
  await refuseCopy(deployment);
  try {
    return { project: await readProject(deployment, spelling, context), containers, silence };
  } catch (error) {
    if (!isExplained(error)) throw error;
    const stack = stackOf(deployment);
    const project = { name, stack, files: [], jobFiles: new Map(), envFiles: [], env: composeEnvironment([], context) };
    return { project, containers, silence, problem: error };
  }
}

/** Refuses a copy: the project's volumes belong to the original, whether or not it runs. */
async function refuseCopy({ layout, record }: Deployment): Promise<void> {
  const original = await originalOf(layout);
  if (original === undefined) return;
  const how = original.copied
    ? `is a copy of ${original.path}`
    : `was moved from ${original.path}, where a copy is now`;
  throw new LaconicError(
    `${layout.root} ${how}: both are Compose project ${record.clusterId}, with one set of containers and volumes`,
    { hint: splitHint(layout.root) },
  );
}

/** The hint for two directories that share a Compose project. */
export function splitHint(root: string): string {
  return `two directories with one cluster-id would destroy each other's containers and volumes: run deployment --dir ${root} split to give this one its own project`;
}

function stackOf({ record, spec }: Deployment): string {
  return record.stackSource ?? spec.stack;
}

async function readProject(
  deployment: Deployment,
  spelling: string | undefined,
  context: Context,
): Promise<ComposeProject> {
  const { layout, record, stack } = deployment;
  const envFiles: EnvFileText[] = [];
  for (const path of [layout.configEnv, layout.secretsEnv]) {
    const text = await readTextIfAny(path);
    if (text !== undefined) envFiles.push({ path, text });
  }
  for (const { path, text } of envFiles) {
    context.report.conceal(
      path === layout.secretsEnv ? secretTexts(parseSecretsEnv(text)) : credentialSecrets(text, path),
    );
  }
  for (const { path, text } of envFiles) {
    context.report.verbose(`env file ${path}: ${[...parseEnvFile(text, path).keys()].join(', ') || 'no names'}`);
  }
  const respell = (file: string): string => (spelling === undefined ? file : join(spelling, basename(file)));
  const files = await Promise.all(stack.pods.map(async (pod) => respell(await podFile(deployment, pod))));
  // After the stack's own files; images of `restart --image` come last and override the spec.
  const overrides = join(layout.root, podOverrides);
  if ((await kindOf(overrides)) === 'file') files.push(respell(overrides));
  if ((await kindOf(layout.images)) === 'file') files.push(layout.images);
  const jobFiles = new Map<string, string>();
  const overridesOfJobs = new Map<string, string>();
  for (const job of stack.jobs) {
    if ((await kindOf(layout.jobFile(job))) !== 'file') continue;
    jobFiles.set(job, layout.jobFile(job));
    const over = join(layout.root, jobOverrides(job));
    if ((await kindOf(over)) === 'file') overridesOfJobs.set(job, over);
  }
  const project = {
    name: record.clusterId,
    stack: stackOf(deployment),
    files,
    jobFiles,
    jobOverrides: overridesOfJobs,
    envFiles: envFiles.map(({ path }) => path),
    env: composeEnvironment(envFiles, context),
    reportedUnset: (await readReported(layout)).unset,
    dockerFlags: engineFlags(envFiles, context),
  };
  return withWrittenSecrets(project, deployment.spec, layout);
}

async function podFile(deployment: Deployment, pod: PodFile): Promise<string> {
  const byName = deployment.layout.composeFile(pod.name);
  if ((await kindOf(byName)) === 'file') return byName;
  const byPath = deployment.layout.composeFile(pod.path);
  if (pod.repository === undefined && (await kindOf(byPath)) === 'file') return byPath;
  throw new LaconicError(`the compose file of pod ${pod.name} is missing: ${byName}`, {
    hint: 'deploy create --update recreates it',
  });
}

/**
 * The directory's path as in the labels of running containers, if it is this directory under another name: Compose
 * hashes paths, and another spelling would recreate every container.
 * @throws LaconicError if the containers belong to another existing directory
 */
async function runningSpelling(
  composeDirectory: string,
  project: string,
  containers: readonly ProjectContainer[],
): Promise<string | undefined> {
  const root = dirname(composeDirectory);
  for (const known of new Set(containers.map((container) => container.labels[composeLabels.workingDirectory]))) {
    if (known === undefined || known === composeDirectory || !(await isThere(known))) continue;
    // A job's container shows the owner, but not how the paths of the services' compose files were spelt.
    const ofJob = basename(known) === 'compose-jobs';
    const ours = await (ofJob ? isSamePlace(dirname(known), root) : isSamePlace(known, composeDirectory));
    if (ours && ofJob) continue;
    if (ours) return known;
    throw new LaconicError(
      `the containers of project ${project} belong to another deployment directory: ${dirname(known)}, not to ${root}`,
      { hint: splitHint(root) },
    );
  }
  return undefined;
}

/** False if the path is not accessible. */
async function isThere(directory: string): Promise<boolean> {
  return kindOf(directory).then(
    (kind) => kind !== undefined,
    () => false,
  );
}

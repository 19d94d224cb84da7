import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { filesOfTree, filesOnDisk } from '../../../deployment/directory/files.js';
import { filesBelow } from '../../../deployment/directory/tree.js';
import type { TargetFiles, TargetGenerator, TargetInput } from '../../../deployment/access/target.js';
import type { DeployTarget } from '../../../spec/parse.js';
import type { Context } from '../../../system/context.js';
import { connectEngine } from '../../../engine/connect.js';
import { isExplained, type Problem } from '../../../system/errors.js';
import { kindOf, secretMode } from '../../../system/files/files.js';
import { expandHome } from '../../../system/files/path-names.js';
import { copiesOf } from './bound-files.js';
import { gatherCompose, gatherInput } from './gather.js';
import { clusterToJoin } from '../kind/clusters.js';
import { hostPortProblems, kindConfig, renderKindConfig } from '../kind/config.js';
import { memlockSpec, memlockSpecFile } from '../kind/memlock.js';
import { kindConfigFile } from '../kind/ensure.js';
import { unmappedNetworks } from './networks.js';
import { buildObjects } from '../objects/build.js';
import type { BoundFile, ObjectsInput } from '../objects/common/input.js';

/** Returns what `deploy create` adds for Kubernetes: cluster files, configmaps, and bind-mounted files. */
export function kubernetesGenerator(deployTo: Exclude<DeployTarget, 'compose'>, context: Context): TargetGenerator {
  return {
    existingCluster: async (spec) =>
      deployTo === 'k8s' || spec.kindClusterName !== undefined || context.options.dryRun
        ? undefined
        : runningCluster(context),
    generate: async (input) => {
      const added: TargetFiles = { files: [], directories: [], errors: [], warnings: [] };
      if (deployTo === 'k8s') await addKubeconfig(input, added);
      await addConfigmaps(input, added);
      await addObjectFiles(input, added, context);
      return added;
    },
    refuseMissing: async (deployment, fileName) => {
      const { root } = deployment.layout;
      await gatherCompose({ root, ...deployment }, filesOnDisk(root), { env: context.env, fileName });
    },
    generatedSecrets: async (deployment) =>
      (await import('./secret-copies-in-cluster.js')).generatedSecretsOf(deployment, context),
    hookCluster: async (deployment) => (await import('./hook-cluster.js')).hookCluster(deployment, context),
  };
}

/**
 * Returns the cluster that a new deployment joins. Without an engine it gets its own, as its start will need an engine
 * anyway.
 */
async function runningCluster(context: Context): Promise<string | undefined> {
  try {
    return await clusterToJoin(await connectEngine(context));
  } catch (error) {
    if (!isExplained(error)) throw error;
    context.report.warn(`it is not known whether a kind cluster runs here, so a new one is planned: ${error.message}`);
    return undefined;
  }
}

/** Builds the objects once, as start will, to report what cannot be mapped; adds the files that they are built from. */
async function addObjectFiles(input: TargetInput, added: TargetFiles, context: Context): Promise<void> {
  const names = new Map(input.composeFiles.map(({ path, file }) => [path, file.yaml.file]));
  const fileName = (path: string): string => names.get(path) ?? path;
  const hooks = (await input.assets.hookSources()).length > 0;
  const options = {
    ...{ env: context.env, home: homedir(), cwd: input.cwd, requireToken: false },
    ...{ fileName, envFilesLater: hooks },
  };
  const generated = [...input.files, ...added.files];
  for (const { file } of input.composeFiles) added.warnings.push(...unmappedNetworks(file.yaml));
  const compose = await gatherCompose(input, filesOfTree(input.root, generated), options);
  const models = await Promise.all(
    [...compose.podFiles, ...compose.jobs].map(async ({ model }) => ({
      model,
      sourceBase: dirname(model.file),
      repository: await input.assets.repositoryOf(model.file),
    })),
  );
  const provided = new Set([...generated.map(({ path }) => path), ...input.directories]);
  const copies = await copiesOf(models, provided, homedir(), added, hooks);
  added.files.push(...copies.files);
  if (input.spec.deployTo === 'k8s-kind') {
    const config = kindConfig({ ...input, home: homedir(), podFiles: compose.podFiles, jobs: compose.jobs });
    added.errors.push(...hostPortProblems(input.spec, compose.podFiles));
    const text = renderKindConfig(config);
    added.files.push({ path: kindConfigFile, source: { text }, mode: 0o644 });
    if (config.memlock) added.files.push({ path: memlockSpecFile, source: { text: memlockSpec() }, mode: 0o644 });
  }

  const directories = [...input.directories, ...added.directories];
  const files = filesOfTree(input.root, [...input.files, ...added.files], directories);
  const gathered = await gatherInput(input, files, options, compose);
  context.report.conceal(gathered.secrets);
  // A placeholder file, so that the missing content of a secret is not reported again.
  const unread: [string, BoundFile][] = [...copies.missing].map((path) => [
    path,
    { kind: 'file', name: 'unread', content: Buffer.alloc(0) },
  ]);
  const objectsInput: ObjectsInput = {
    ...gathered.input,
    boundFiles: new Map([...gathered.input.boundFiles, ...unread]),
  };
  const { findings } = buildObjects(objectsInput);
  // What cannot be copied, such as a socket, is already refused.
  const refused = new Set(added.errors.map(placeIn));
  const others = gathered.findings.errors.filter((problem) => !refused.has(placeIn(problem)));
  added.errors.push(...others, ...findings.errors);
  added.warnings.push(...gathered.findings.warnings, ...findings.warnings);
}

function placeIn({ file, line, key }: Problem): string {
  return JSON.stringify([file, line, key]);
}

/** Copies the spec's kubeconfig, which then belongs to the deployment. */
async function addKubeconfig({ spec, root, cwd }: TargetInput, added: TargetFiles): Promise<void> {
  const given = spec.kubeConfig;
  if (given === undefined) return;
  const source = resolve(cwd, expandHome(given, homedir()));
  const kind = await kindOf(source);
  if (kind === 'file') {
    added.files.push({ path: 'kubeconfig.yml', source: { copyOf: source }, mode: secretMode });
    return;
  }
  const problem = spec.yaml.problem(
    ['kube-config'],
    `Kube config file ${given} ${kind === undefined ? 'does not exist' : 'is not a file'}`,
  );
  // An update may run without access to the operator's file: the deployment's copy is kept.
  const kept = join(root, 'kubeconfig.yml');
  if ((await kindOf(kept)) === undefined) {
    added.errors.push(problem);
    return;
  }
  added.warnings.push({ ...problem, message: `${problem.message}: the deployment keeps its copy` });
  added.files.push({ path: 'kubeconfig.yml', source: { copyOf: kept }, mode: secretMode });
}

/** The folders of declared configmaps: the stack's `config/<name>`, or the folder the spec names. */
async function addConfigmaps({ spec, assets, cwd }: TargetInput, added: TargetFiles): Promise<void> {
  for (const [name, value] of spec.configmaps) {
    const target = join('configmaps', name);
    added.directories.push(target);
    const own = value === undefined || value === '.' || value.startsWith('./');
    const source = own ? (await assets.configDirectory(name))?.path : resolve(cwd, expandHome(value, homedir()));
    if (source === undefined) continue;
    const kind = await kindOf(source);
    if (kind !== 'directory') {
      const what = kind === undefined ? 'does not exist' : 'is not a directory';
      added.errors.push(spec.yaml.problem(['configmaps', name], `${value ?? source} ${what}`));
      continue;
    }
    // A folder that the operator names may contain links to any place.
    const found = await filesBelow(source, target, own ? await assets.repositoryOf(source) : '/');
    added.files.push(...found.files);
  }
}

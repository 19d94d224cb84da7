import { chmod, cp, mkdir, rm, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { asPythonWrote, changedByNewQuoting, parseEnvFile } from '../spec/environment.js';
import type { ParsedSpec, Spec } from '../spec/parse.js';
import { sectionOf, usedOnCompose } from '../spec/usable.js';
import type { Context } from '../system/context.js';
import { errorMessage, InvalidFileError, LaconicError } from '../system/errors.js';
import { kindOf, makeDirectory, readTextIfAny, secretMode, syncPath } from '../system/files.js';
import { type CreateArguments, makeVolume } from './create.js';
import { createHookLabels, runCreateHooks } from './hooks.js';
import { applySteps, clearJournal, type JournalStep, writeJournal } from './journal.js';
import { type DeploymentLayout } from './layout.js';
import {
  currentChecksum,
  impliedManifest,
  type Manifest,
  pruneGenerations,
  readManifest,
  renderManifest,
  stageGeneration,
} from './manifest.js';
import type { Deployment } from './open.js';
import { parseOwnJson } from './own-json.js';
import { environmentFiles, loadStackOfSpec, prepareTree, type Prepared, type SecretOptions } from './prepare.js';
import type { LoadedStack } from '../stack/load.js';
import { editRecord, readRecord } from './record.js';
import { checksumOf, contentOf, type GeneratedFile, isSecret, writeGenerated } from './tree.js';
import { isBelow } from './volume-paths.js';

export interface UpdateOptions {
  parsed: ParsedSpec;
  secrets: SecretOptions;
  /** Write values literally where the old, unquoted `config.env` was read differently (decision 8). */
  acceptLiteralValues: boolean;
  /** New arguments for the create hooks; absent: those of the create. */
  arguments?: CreateArguments;
  /** Where relative paths of the spec start. */
  cwd: string;
  /** Where the stack is, if its name in the spec leads nowhere; goes before what `deployment.yml` says. Absolute. */
  stackPath?: string;
}

interface Plan {
  steps: JournalStep[];
  staged: GeneratedFile[];
  /** Files whose content stays and whose permissions do not: copies follow their source (01 §14), secrets are their owner's only. */
  modes: GeneratedFile[];
  /** New volumes inside the directory, relative, with their seeds. */
  volumes: { path: string; seed: string | undefined }[];
}

/**
 * `deploy create --update` and the sync of `deployment restart` (decisions 2 and 3). The directory is never moved; what
 * changed is staged, journalled and renamed file by file. Volume directories are created when new, never written to.
 * The caller holds the lock and has finished an earlier update.
 * @returns true when any file changed
 */
export async function updateDeployment(
  layout: DeploymentLayout,
  options: UpdateOptions,
  context: Context,
): Promise<boolean> {
  const record = await readRecord(layout);
  const sources = [options.stackPath, record.stackSource].filter((source) => source !== undefined);
  const loaded = await loadStackOfSpec(options.parsed.spec, sources, options.cwd, context);
  const ours = (await kindOf(layout.createArguments)) === 'file';
  const prepared = await prepareTree(
    loaded,
    options.parsed,
    layout,
    ours ? 'ours' : 'python',
    options.secrets,
    options.cwd,
    context,
  );
  if (!ours && !options.acceptLiteralValues) {
    await refuseChangedValues(layout, prepared.spec, prepared.generated.tree.files, context);
  }

  const plan = await planUpdate(layout, prepared, await recordFile(layout, loaded));
  if (context.options.dryRun) {
    for (const step of plan.steps)
      context.report.print(`would ${step.op === 'directory' ? 'create' : step.op} ${step.path}`);
    for (const { path, mode } of plan.modes) context.report.print(`would chmod ${mode.toString(8)} ${path}`);
    if (plan.steps.length + plan.modes.length === 0) context.report.print('nothing to change');
    for (const hook of await createHookLabels(loaded)) context.report.print(`would call ${hook}`);
    return false;
  }
  const createArguments = options.arguments ?? (await readCreateArguments(layout));
  if (plan.steps.length > 0) await carryOut(layout, plan, (await createHookLabels(loaded))[0]);
  for (const directory of prepared.generated.tree.directories) await makeDirectory(join(layout.root, directory));
  for (const { path, mode } of plan.modes) await chmod(join(layout.root, path), mode);
  for (const volume of prepared.generated.tree.volumes) {
    const isNew = !isBelow(volume.path, layout.root) && (await kindOf(volume.path)) === undefined;
    if (isNew) await makeVolume(volume.path, volume.seed);
  }
  await runCreateHooks(layout, prepared, createArguments, 'update', context, (hook) =>
    writeJournal(layout, { phase: 'hooks', steps: [], hook }),
  );
  await clearJournal(layout);
  return plan.steps.length + plan.modes.length > 0;
}

/** The arguments `deploy create` was given for this directory; nothing for one of the Python program. */
async function readCreateArguments(layout: DeploymentLayout): Promise<CreateArguments> {
  const text = await readTextIfAny(layout.createArguments);
  return text === undefined
    ? { networkDir: null, initialPeers: null, extraArgs: [] }
    : (parseOwnJson(
        text,
        layout.createArguments,
        'it held what deploy create was given for the hooks: write {"networkDir":null,"initialPeers":null,"extraArgs":[]} into it, with those values',
      ) as CreateArguments);
}

/**
 * Decision 8 for a directory of the Python program: its containers must not get other values without the operator's word.
 * @param files what is about to be written, `config.env` among it
 */
async function refuseChangedValues(
  layout: DeploymentLayout,
  spec: Spec,
  files: readonly GeneratedFile[],
  context: Context,
): Promise<void> {
  const old = await readTextIfAny(layout.configEnv);
  const file = files.find((candidate) => candidate.path === 'config.env');
  if (old === undefined || file === undefined) return;
  const next = parseEnvFile((await contentOf(file)).toString('utf8'));
  // What a credentials file sets stands in both files as it is.
  const entries = new Map([...spec.config].filter(([name, value]) => next.get(name) === value));
  const formerly = new Map<string, string>();
  const { config } = spec.yaml.value as { config?: Record<string, unknown> | null };
  for (const [name, value] of Object.entries(config ?? {})) {
    const text = asPythonWrote(value);
    if (text !== undefined) formerly.set(name, text);
  }
  const changed = changedByNewQuoting(old, entries, { formerly, lookup: (name) => context.env[name] });
  if (changed.length === 0) return;
  const lines = changed.map(
    (entry) => `  ${entry.name}: was ${JSON.stringify(entry.before)}, becomes ${JSON.stringify(entry.after)}`,
  );
  throw new LaconicError(
    `${layout.configEnv}: containers got other values than the spec says, because the old file had no quotes:\n${lines.join('\n')}`,
    { hint: 'write in the spec what you want to keep, or add --accept-literal-values to take the values on the right' },
  );
}

/** `deployment.yml` with the stack's present place, where that differs (01 §20.28). */
async function recordFile(layout: DeploymentLayout, loaded: LoadedStack): Promise<GeneratedFile | undefined> {
  const record = await readRecord(layout);
  if (record.stackSource === loaded.location.directory) return undefined;
  const text = (await readTextIfAny(layout.deployment)) ?? '';
  return {
    path: 'deployment.yml',
    source: { text: editRecord(text, layout.deployment, { stackSource: loaded.location.directory }) },
    mode: 0o644,
  };
}

async function planUpdate(
  layout: DeploymentLayout,
  prepared: Prepared,
  record: GeneratedFile | undefined,
): Promise<Plan> {
  const { tree } = prepared.generated;
  const steps: JournalStep[] = [];
  const staged: GeneratedFile[] = [];
  const modes: GeneratedFile[] = [];
  for (const file of [...tree.files, ...(record === undefined ? [] : [record])]) {
    const before = await currentChecksum(join(layout.root, file.path));
    if (before === (await checksumOf(file))) {
      if (await hasOtherMode(layout, file)) modes.push(file);
      continue;
    }
    staged.push(file);
    steps.push({
      op: 'replace',
      path: file.path,
      backup: before !== undefined && file !== record,
      secret: isSecret(file),
    });
  }
  steps.push(...(await removals(layout, tree.files)));

  const volumes = [];
  for (const volume of tree.volumes) {
    if (!isBelow(volume.path, layout.root) || (await kindOf(volume.path)) !== undefined) continue;
    const path = relative(layout.root, volume.path);
    volumes.push({ path, seed: volume.seed });
    steps.push({ op: 'directory', path });
  }

  const manifest = await renderManifest(tree.files);
  if ((await readTextIfAny(layout.manifest)) !== manifest) {
    const path = relative(layout.root, layout.manifest);
    staged.push({ path, source: { text: manifest }, mode: secretMode });
    steps.push({ op: 'replace', path, backup: false, secret: true });
  }
  return { steps, staged, modes, volumes };
}

async function hasOtherMode(layout: DeploymentLayout, file: GeneratedFile): Promise<boolean> {
  if (!('copyOf' in file.source) && !isSecret(file)) return false;
  return ((await stat(join(layout.root, file.path))).mode & 0o777) !== file.mode;
}

/** Files the last update generated and this one does not: taken away, kept as `.bak` where somebody edited them. */
async function removals(layout: DeploymentLayout, files: readonly GeneratedFile[]): Promise<JournalStep[]> {
  const before: Manifest = (await readManifest(layout)) ?? (await impliedManifest(layout));
  const wanted = new Set(files.map((file) => file.path));
  const steps: JournalStep[] = [];
  for (const [path, checksum] of Object.entries(before)) {
    // Secrets are never deleted by us: another spec may want them back.
    if (wanted.has(path) || path === 'secrets.env') continue;
    const now = await currentChecksum(join(layout.root, path));
    if (now !== undefined) steps.push({ op: 'remove', path, backup: now !== checksum });
  }
  return steps;
}

/**
 * Stages the files, records the steps durably, and takes them. What fails before the steps leaves nothing behind.
 * @param hook the first hook that has to run after this
 */
async function carryOut(layout: DeploymentLayout, plan: Plan, hook: string | undefined): Promise<void> {
  let steps: JournalStep[];
  try {
    steps = [{ op: 'directory', path: await stage(layout, plan) }, ...plan.steps];
    await writeJournal(layout, { phase: 'files', steps, ...(hook === undefined ? {} : { hook }) });
  } catch (error) {
    await rm(layout.next, { recursive: true, force: true });
    throw error instanceof LaconicError
      ? error
      : new LaconicError(`cannot update ${layout.root}: ${errorMessage(error)}`, { cause: error });
  }
  await applySteps(layout, steps);
  await pruneGenerations(layout);
}

/** @returns the place of the generation that the update replaces, see stageGeneration */
async function stage(layout: DeploymentLayout, plan: Plan): Promise<string> {
  await rm(layout.next, { recursive: true, force: true });
  await mkdir(layout.next, { recursive: true });
  const generated = Object.keys((await readManifest(layout)) ?? {});
  const generation = await stageGeneration(
    layout,
    generated.length > 0 ? generated : plan.steps.map((step) => step.path),
    new Date().toISOString().replaceAll(':', ''),
  );
  await writeGenerated(layout.next, plan.staged, []);
  for (const volume of plan.volumes) {
    const target = join(layout.next, volume.path);
    await mkdir(dirname(target), { recursive: true });
    if (volume.seed === undefined) await mkdir(target);
    else await cp(volume.seed, target, { recursive: true });
    await syncPath(target);
  }
  return generation;
}

/**
 * Makes `config.env` (and `secrets.env`) anew from the deployment's own spec, nothing else (02 §13.4).
 * The caller holds the lock.
 * @returns true when a file changed
 * @throws InvalidFileError for a spec with unusable sections; LaconicError where containers would get other values
 */
export async function regenerateEnvironment(
  deployment: Deployment,
  options: { secrets: SecretOptions; acceptLiteralValues: boolean },
  context: Context,
): Promise<boolean> {
  const { layout, spec, ours } = deployment;
  // Where the config itself was left out, its names must not vanish from the file.
  const unusable = deployment.ignored.filter((problem) => usedOnCompose.has(sectionOf(problem) ?? ''));
  if (unusable.length > 0) throw new InvalidFileError(unusable);
  const files = await environmentFiles(spec, layout, ours ? 'ours' : 'python', options.secrets, context);
  if (!ours && !options.acceptLiteralValues) await refuseChangedValues(layout, spec, files, context);
  const steps: JournalStep[] = [];
  const manifest = { ...(await readManifest(layout)) };
  for (const file of files) {
    const checksum = await checksumOf(file);
    const before = await currentChecksum(join(layout.root, file.path));
    if (before !== checksum) steps.push({ op: 'replace', path: file.path, backup: before !== undefined, secret: true });
    manifest[file.path] = checksum;
  }
  if (steps.length === 0 || context.options.dryRun) {
    for (const step of steps) context.report.print(`would replace ${step.path}`);
    return steps.length > 0;
  }
  const staged = files.filter((file) => steps.some((step) => step.path === file.path));
  if (deployment.ours) {
    const path = relative(layout.root, layout.manifest);
    staged.push({ path, source: { text: `${JSON.stringify(manifest, undefined, 1)}\n` }, mode: secretMode });
    steps.push({ op: 'replace', path, backup: false, secret: true });
  }
  await carryOut(layout, { steps, staged, modes: [], volumes: [] }, undefined);
  await clearJournal(layout);
  return true;
}

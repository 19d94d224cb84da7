import { join, relative } from 'node:path';
import { asPythonWrote, changedByNewQuoting, parseEnvFile } from '../../spec/environment.js';
import type { Spec } from '../../spec/parse.js';
import { sectionOf, usedOnCompose } from '../../spec/usable-sections.js';
import type { Context } from '../../system/context.js';
import { InvalidFileError, LaconicError } from '../../system/errors.js';
import { readTextIfAny, secretMode } from '../../system/files/files.js';
import { applyChanges } from './apply-update.js';
import { faultsOfValues } from '../create/compose-faults.js';
import { clearJournal, type JournalStep } from '../access/journal.js';
import { type PlannedEnvironment, plannedEnvironment, replacementLine } from './environment-preview.js';
import { type DeploymentLayout, secretsCopyPath } from '../directory/layout.js';
import { isEdited, currentChecksum, readManifest, manifestEntries } from '../directory/manifest.js';
import type { Deployment } from '../access/open.js';
import { environmentFiles, type SecretOptions } from '../create/prepare.js';
import { requireSecrets } from '../secrets/require-secrets.js';
import type { TargetGenerators } from '../access/target.js';
import { warnAboutEdit } from './plan.js';
import { checksumOf, contentOf, type GeneratedFile } from '../directory/tree.js';

/**
 * Regenerates `config.env` (and `secrets.env`) from the deployment's own spec, and nothing else. The caller holds the
 * lock.
 * @returns a line for each file that was replaced or, in a dry run, would be (see replacementLine); in a dry run also
 * the effect on the services, if known
 * @throws InvalidFileError for a spec with unusable sections, and for values with which Compose refuses the compose
 * files; LaconicError if containers would get other values
 */
export async function regenerateEnvironment(
  deployment: Deployment,
  options: { secrets: SecretOptions; acceptLiteralValues: boolean; targets: TargetGenerators },
  context: Context,
): Promise<{ replaced: string[]; planned?: PlannedEnvironment | undefined }> {
  const { layout, spec, ours } = deployment;
  // If the config section itself was left out, its names must not disappear from the file.
  const unusable = deployment.ignored.filter((problem) => usedOnCompose.has(sectionOf(problem) ?? ''));
  if (unusable.length > 0) throw new InvalidFileError(unusable);
  await requireSecrets(deployment, { config: spec.config, rotate: options.secrets.rotate }, options.targets, context);
  const files = await environmentFiles(spec, layout, ours ? 'ours' : 'python', options.secrets, context);
  if (!ours && !options.acceptLiteralValues) await refuseChangedValues(layout, spec, files, context);
  const faults = await faultsOfValues(layout, deployment, files, context.env);
  if (faults.length > 0) throw new InvalidFileError(faults);
  const steps: JournalStep[] = [];
  const before = await readManifest(layout);
  const manifest = { ...before };
  const edited: string[] = [];
  for (const file of files) {
    const checksum = await checksumOf(file);
    const now = await currentChecksum(join(layout.root, file.path));
    if (now !== checksum) {
      const backup = now !== undefined && file.path !== secretsCopyPath;
      steps.push({ op: 'replace', path: file.path, backup, secret: true });
      if (backup && isEdited(before, file.path, now)) edited.push(file.path);
    }
    manifest[file.path] = checksum;
  }
  const staged = files.filter((file) => steps.some((step) => step.path === file.path));
  const replaced: string[] = [];
  for (const file of staged.filter(({ path }) => path !== secretsCopyPath)) {
    replaced.push(await replacementLine(layout.root, file, edited.includes(file.path)));
  }
  if (context.options.dryRun) {
    return { replaced, planned: await plannedEnvironment(deployment, files, context.env) };
  }
  if (steps.length === 0) return { replaced };
  if (before !== undefined) {
    const path = relative(layout.root, layout.manifest);
    staged.push({ path, source: { text: manifestEntries(manifest) }, mode: secretMode });
    steps.push({ op: 'replace', path, backup: false, secret: true });
  }
  await applyChanges(layout, { steps, staged, modes: [], folders: [], volumes: [], edited, left: [] }, undefined);
  await clearJournal(layout);
  for (const path of edited) warnAboutEdit(path, 'replaced', context);
  return { replaced };
}

/**
 * In a directory of the Python program, refuses new values for containers unless the operator accepts them.
 * @param files the files about to be written, including `config.env`
 * @throws LaconicError with the values before and after
 */
export async function refuseChangedValues(
  layout: DeploymentLayout,
  spec: Spec,
  files: readonly GeneratedFile[],
  context: Context,
): Promise<void> {
  const old = await readTextIfAny(layout.configEnv);
  const file = files.find((candidate) => candidate.path === 'config.env');
  if (old === undefined || file === undefined) return;
  const next = parseEnvFile((await contentOf(file)).toString('utf8'));
  // Values from credentials files are the same in both files.
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
    `${layout.configEnv}: containers got other values than those of the spec, because the old file had no quotes:\n${lines.join('\n')}`,
    { hint: 'write the values to keep into the spec, or add --accept-literal-values to use the values on the right' },
  );
}

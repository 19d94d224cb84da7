import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DeploymentLayout } from '../../../deployment/directory/layout.js';
import { renderEntries } from '../../../spec/environment.js';
import type { Spec } from '../../../spec/model.js';
import type { Context } from '../../../system/context.js';
import { InvalidFileError } from '../../../system/errors.js';
import { kindOf, makeDirectory, readTextIfAny, secretMode, writeFileAtomically } from '../../../system/files/files.js';
import { mapOf } from '../../../system/plain-map.js';
import { parseYaml } from '../../../system/yaml/yaml.js';
import { readSecretValues } from '../../secrets/read-secret-sources.js';
import type { ComposeProject } from '../cli/project.js';
import { loadWholeModel } from '../cli/project-model.js';

/** The files that pass the values of the spec's `secrets` with sources to services. */
type Places = Pick<DeploymentLayout, 'sourcedSecrets' | 'sourcedSecretsOverride' | 'sourcedSecretsFolder'>;

/**
 * Adds the files that the last start wrote for the spec's `secrets` with sources: stop, logs and status do not need the
 * sources.
 */
export async function withWrittenSecrets(project: ComposeProject, spec: Spec, places: Places): Promise<ComposeProject> {
  const written = spec.secretSources !== undefined && (await kindOf(places.sourcedSecretsOverride)) === 'file';
  return written ? withSecrets(project, places) : project;
}

/**
 * Adds the values of the spec's `secrets` with sources: variables of every service that does not set them itself, in an
 * env file of mode 0600 for each. They are available for interpolation too, so that `NAME: ${NAME}` does not become
 * empty.
 * @throws InvalidFileError for all variables that are not set and files that are missing; nothing is written then
 */
export async function withNewSecrets(
  project: ComposeProject,
  spec: Spec,
  places: Places,
  context: Context,
): Promise<ComposeProject> {
  const bare = withoutSecrets(project, places);
  const values = await secretValues(spec, context);
  await rm(places.sourcedSecretsFolder, { recursive: true, force: true });
  if (values.size === 0) {
    for (const path of [places.sourcedSecretsOverride, places.sourcedSecrets]) await rm(path, { force: true });
    return bare;
  }
  await writeSecret(places.sourcedSecrets, values);
  const known = { ...bare, envFiles: [places.sourcedSecrets, ...bare.envFiles] };
  const services: Record<string, { env_file: string[] }> = {};
  const model = known.files.length > 0 && (await loadWholeModel('cannot read the compose files', known, context));
  for (const { name: service, variables } of model ? model.services.values() : []) {
    const missing = new Map([...values].filter(([name]) => !variables.has(name)));
    if (missing.size === 0) continue;
    const path = join(places.sourcedSecretsFolder, `${service}.env`);
    await writeSecret(path, missing);
    services[service] = { env_file: [path] };
  }
  const override = `${JSON.stringify({ services }, undefined, 2)}\n`;
  await writeFileAtomically(places.sourcedSecretsOverride, override, secretMode);
  return withSecrets(bare, places);
}

/**
 * Determines for which services {@link withNewSecrets} would change values since the last start. Read-only.
 * @throws InvalidFileError as there
 */
export async function pendingSecrets(spec: Spec, places: Places, context: Context): Promise<readonly string[] | 'all'> {
  const values = await secretValues(spec, context);
  const before = await readTextIfAny(places.sourcedSecrets);
  const same = before === (values.size === 0 ? undefined : entriesText(values));
  const override = same ? undefined : await readTextIfAny(places.sourcedSecretsOverride);
  const { services } = override === undefined ? {} : mapOf(parseYaml(override, places.sourcedSecretsOverride).value);
  return !same && override === undefined ? 'all' : Object.keys(mapOf(services));
}

/**
 * Reads the values of all Secrets with sources, by variable; if two have the same key the later one counts, as on
 * Kubernetes.
 * @throws InvalidFileError
 */
export async function secretValues(spec: Spec, context: Context): Promise<Map<string, string>> {
  const { values, problems } = await readSecretValues(spec, context);
  if (problems.length > 0) throw new InvalidFileError(problems);
  const all = new Map([...values.values()].flatMap((keys) => [...keys]));
  context.report.conceal(all.values());
  return all;
}

async function writeSecret(path: string, values: ReadonlyMap<string, string>): Promise<void> {
  await makeDirectory(dirname(path), 0o700);
  await writeFileAtomically(path, entriesText(values), secretMode);
}

function entriesText(values: ReadonlyMap<string, string>): string {
  return `${renderEntries(values).join('\n')}\n`;
}

function withSecrets(project: ComposeProject, places: Places): ComposeProject {
  const { files, envFiles } = project;
  return {
    ...project,
    files: files.length === 0 ? files : [...files, places.sourcedSecretsOverride],
    // Before the others, which override them.
    envFiles: [places.sourcedSecrets, ...envFiles],
  };
}

function withoutSecrets(project: ComposeProject, places: Places): ComposeProject {
  const files = project.files.filter((file) => file !== places.sourcedSecretsOverride);
  return { ...project, files, envFiles: project.envFiles.filter((file) => file !== places.sourcedSecrets) };
}

import { type UnsetVariable, unsetVariables } from '../../compose/document/unset-variables.js';
import type { Spec } from '../../spec/model.js';
import type { Problem } from '../../system/errors.js';
import { mapOf } from '../../system/plain-map.js';
import { didYouMean } from '../../system/suggest.js';
import { type ComposeFiles, definitionOf, usedServices } from '../compose/compose-files.js';
import type { ComposeValues } from '../compose/compose-values.js';

/** A variable of the stack that is not set, listed once, where it is first mentioned. */
export interface UnsetName {
  name: string;
  problem: Problem;
}

/**
 * Finds variables in the compose files of a deployment that are not set and have no default: they are replaced by an
 * empty text.
 * @param spec the keys of its `secrets` count as values too
 */
export function unsetNames(read: ComposeFiles, spec: Spec, values: ComposeValues): UnsetName[] {
  const onCompose = spec.deployTo === 'compose';
  const sourced = new Set([...(spec.secretSources?.values() ?? [])].flatMap((keys) => [...keys.keys()]));
  // On Compose they are variables like those of the config.
  const lookup = (name: string): string | undefined =>
    values.lookup(name) ?? (onCompose && sourced.has(name) ? '' : undefined);
  const found = new Map<string, UnsetName>();
  for (const { file, path, part } of partsOf(read)) {
    for (const variable of unsetVariables(part, path, lookup)) {
      if (found.has(variable.name)) continue;
      const key = onCompose ? undefined : keyLeftToSecrets(variable);
      if (key !== undefined && sourced.has(key)) continue;
      const secrets = key === undefined ? undefined : adviceOfSecrets(spec, key);
      const near = didYouMean(variable.name, values.set.keys());
      const message = `\${${variable.name}} is not set and has no default, so it is empty here${near}`;
      const unless = secrets === undefined ? '' : `, ${secrets}`;
      const hint = near === '' ? `: set ${variable.name} in the config of the spec${unless}` : unless;
      found.set(variable.name, { name: variable.name, problem: file.yaml.problem(variable.path, `${message}${hint}`) });
    }
  }
  return [...found.values()];
}

/** What may provide a variable with this name instead of the config: Secrets in the cluster that the spec names. */
function adviceOfSecrets({ secrets, secretSources, yaml }: Spec, key: string): string | undefined {
  const written = mapOf(mapOf(yaml.value).secrets);
  const theirs = secrets.filter((name) => secretSources?.has(name) !== true);
  const listing = theirs.filter((name) => Array.isArray(written[name]) && written[name].includes(key));
  if (listing.length > 0)
    return `unless the Secret ${listing.join(' or ')} is in the cluster, which has it according to the spec`;
  const open = theirs.filter((name) => !Array.isArray(written[name]));
  return open.length === 0 ? undefined : `unless the Secret ${open.join(' or ')} has ${key}`;
}

/**
 * The name in `environment` of a service whose whole value is this unset variable. On Kubernetes, the spec's Secrets
 * set such a name if they have a key for it.
 */
function keyLeftToSecrets({ name, path, text }: UnsetVariable): string | undefined {
  const [section, , environment, at] = path;
  if (section !== 'services' || environment !== 'environment' || at === undefined || path.length !== 4)
    return undefined;
  const [, key, value] = typeof at === 'number' ? (/^([^=]*)=(.*)$/s.exec(text) ?? []) : [text, at, text];
  return value === `$${name}` || value === `\${${name}}` ? key : undefined;
}

/** The relevant parts of the compose files: of files that are only extended, just the extended services. */
function* partsOf({ files }: ComposeFiles) {
  for (const used of usedServices(files)) {
    yield { file: used.read.file, path: ['services', used.service.name], part: definitionOf(used) };
  }
  for (const { file, role } of files) {
    if (role === 'extends') continue;
    for (const [key, part] of Object.entries(mapOf(file.yaml.value))) {
      if (key !== 'services') yield { file, path: [key], part };
    }
  }
}

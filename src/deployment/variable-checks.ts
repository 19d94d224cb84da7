import { unsetVariables } from '../compose/unset-variables.js';
import type { Problem } from '../system/errors.js';
import { mapOf } from '../system/plain-map.js';
import { didYouMean } from '../system/suggest.js';
import { type ComposeFiles, usedServices } from './compose-files.js';
import type { ComposeValues } from './compose-values.js';

/** A variable of the stack that nothing sets, once per name, where it is mentioned first. */
export interface UnsetName {
  name: string;
  problem: Problem;
}

/**
 * The variables that the compose files of a deployment mention, that nothing sets and that have no default: what
 * mentions them gets an empty text.
 */
export function unsetNames(read: ComposeFiles, { set, lookup }: ComposeValues): UnsetName[] {
  const found = new Map<string, UnsetName>();
  for (const { file, path, part } of partsOf(read)) {
    for (const variable of unsetVariables(part, path, lookup)) {
      if (found.has(variable.name)) continue;
      const near = didYouMean(variable.name, set.keys());
      const message = `\${${variable.name}} is not set and has no default, so it is empty here${near}`;
      const hint = near === '' ? `: set ${variable.name} in the config of the spec` : '';
      found.set(variable.name, { name: variable.name, problem: file.yaml.problem(variable.path, `${message}${hint}`) });
    }
  }
  return [...found.values()];
}

/** What of the compose files counts: of files that are only extended no more than the services that are. */
function* partsOf({ files }: ComposeFiles) {
  for (const { read, service } of usedServices(files)) {
    const path = ['services', service.name];
    yield { file: read.file, path, part: mapOf(mapOf(read.file.yaml.value).services)[service.name] };
  }
  for (const { file, role } of files) {
    if (role === 'extends') continue;
    for (const [key, part] of Object.entries(mapOf(file.yaml.value))) {
      if (key !== 'services') yield { file, path: [key], part };
    }
  }
}

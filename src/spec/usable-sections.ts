import type { Document } from 'yaml';
import { InvalidFileError, type Problem } from '../system/errors.js';
import { parseYaml } from '../system/yaml/yaml.js';
import { type ParsedSpec, parseSpec } from './parse.js';

/** Sections that every command on a deployment needs. */
export const identity: ReadonlySet<string> = new Set(['stack', 'deploy-to']);

/** Sections that are used on Compose. The others are only for Kubernetes. */
export const usedOnCompose: ReadonlySet<string> = new Set([
  ...identity,
  'config',
  'credentials-files',
  'volumes',
  'network',
]);

/**
 * Parses the spec of an existing deployment. Sections that are not valid are left out: they may never have been read on
 * this target, or were accepted before, and must not block the deployment. A missing deploy-to means compose.
 * @param required sections that must be valid
 * @returns the spec, with the whole file in `yaml`, and the problems of the sections left out
 * @throws InvalidFileError with every problem if a required section has one
 */
export function parseUsableSpec(
  text: string,
  file: string,
  required: ReadonlySet<string>,
): ParsedSpec & { ignored: readonly Problem[] } {
  try {
    return { ...parseSpec(text, file), ignored: [] };
  } catch (error) {
    if (!(error instanceof InvalidFileError)) throw error;
    const yaml = parseYaml(text, file);
    const { document } = parseYaml(text, file);
    for (const section of new Set(error.problems.map(sectionOf))) {
      if (section === 'deploy-to' && !document.has(section)) {
        document.set(section, 'compose');
        continue;
      }
      if (section === undefined || required.has(section) || !document.has(section)) throw error;
      document.delete(section);
    }
    const { spec, unknown } = parseSpec(remainder(document) ?? text, file);
    return { spec: { ...spec, yaml }, unknown, ignored: error.problems };
  }
}

/** The text of a spec after sections were removed; undefined if the rest contains an alias into a removed section. */
function remainder(document: Document): string | undefined {
  try {
    return String(document);
  } catch {
    return undefined;
  }
}

/** The top-level key that a problem of a spec belongs to; undefined if it concerns the whole file. */
export function sectionOf(problem: Problem): string | undefined {
  return problem.key?.split(/[.[]/)[0];
}

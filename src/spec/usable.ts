import type { Document } from 'yaml';
import { InvalidFileError, type Problem } from '../system/errors.js';
import { parseYaml } from '../system/yaml.js';
import { type ParsedSpec, parseSpec } from './parse.js';

/** Sections without which nothing can be done with a deployment. */
export const identity: ReadonlySet<string> = new Set(['stack', 'deploy-to']);

/** Sections that make something of a deployment on compose. The others are only for Kubernetes. */
export const usedOnCompose: ReadonlySet<string> = new Set([
  ...identity,
  'config',
  'credentials-files',
  'volumes',
  'network',
]);

/**
 * Reads the spec of a deployment that exists. It may hold what was never looked at on this target, or was taken as it
 * was before: that must not keep a deployment from going on, so sections that cannot be used are left out. A missing
 * deploy-to means compose.
 * @param required sections that must be right
 * @returns the spec, with the whole file in `yaml`; and what is wrong with the sections left out
 * @throws InvalidFileError with every problem when a required section has one
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

/** What is left of a spec; undefined when something in it is an alias of what was left out. */
function remainder(document: Document): string | undefined {
  try {
    return String(document);
  } catch {
    return undefined;
  }
}

/** The top-level key a problem of a spec belongs to; undefined when it is the file's own. */
export function sectionOf(problem: Problem): string | undefined {
  return problem.key?.split(/[.[]/)[0];
}

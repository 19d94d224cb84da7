import { outsideServices } from '../../../../compose/document/interpolation.js';
import type { FileObjectModel } from '../../../../compose/model/types.js';
import { quote } from '../../../../system/yaml/yaml.js';
import { secretsIn } from './environment.js';
import type { ObjectsInput, PodFileInput } from '../common/input.js';
import type { Scope } from '../common/scope.js';

/** A top-level secret or config of a compose file that some service uses. */
export interface FileObject {
  name: string;
  content: Buffer;
  podFile: PodFileInput;
  /** Whether the content of a config is secret. */
  hidden: boolean;
}

/** Whether the content of a config is or contains a value from a credentials file: it is then stored in a Secret. */
export function holdsCredential(
  input: ObjectsInput,
  podFile: PodFileInput,
  { environment, content = '' }: FileObjectModel,
): boolean {
  if (environment !== undefined) return input.credentials.has(environment);
  return secretsIn({ input, podFile }, outsideServices, content).some(({ holder }) => holder === 'credentials');
}

/**
 * Returns the content of the compose files' top-level `secrets` or `configs` that services use, without `external`
 * ones, which exist in the cluster. On Compose all files are one project with one namespace: different contents under
 * one name are an error.
 */
export function contentsOf({ input, findings }: Scope, section: 'secrets' | 'configs'): FileObject[] {
  const found = new Map<string, FileObject>();
  for (const podFile of [...input.podFiles, ...input.jobs]) {
    const used = new Set(
      [...podFile.model.services.values()].flatMap((service) => service[section].map(({ source }) => source)),
    );
    for (const [name, definition] of podFile.model[section]) {
      if (!used.has(name) || definition.external) continue;
      const content = contentOf(definition);
      if (!Buffer.isBuffer(content)) {
        findings.errors.push(podFile.model.problem([section, name], content));
        continue;
      }
      const other = found.get(name);
      if (other === undefined)
        found.set(name, { name, content, podFile, hidden: holdsCredential(input, podFile, definition) });
      else if (!other.content.equals(content)) {
        const message = `has other content in ${other.podFile.model.file}: give one of the two another name`;
        findings.errors.push(podFile.model.problem([section, name], message));
      }
    }
  }
  return [...found.values()];

  function contentOf({ file, environment, content }: FileObjectModel): Buffer | string {
    if (content !== undefined) return Buffer.from(content);
    if (environment !== undefined) {
      const value = input.generatedSecrets.get(environment) ?? input.config.get(environment);
      return value === undefined
        ? `takes its content from the variable ${environment}, which the config of the spec does not set`
        : Buffer.from(value);
    }
    if (file === undefined) return 'has no content: it needs file, environment or content';
    const bound = input.boundFiles.get(file);
    if (bound === undefined) return `${quote(file)} does not exist`;
    return bound.kind === 'file' ? bound.content : `${quote(file)} is a directory, and must be a file`;
  }
}

import type { Problem } from '../system/errors.js';
import { mapOf } from '../system/plain-map.js';
import { describeValue } from '../system/yaml/schema.js';
import { quote, type YamlFile } from '../system/yaml/yaml.js';

/** Where the value of a key of a Secret is read from at each start: an environment variable, or a file on this host. */
export type SecretSource = { readonly env: string } | { readonly file: string };

/** Sources by key, by the name of the Secret. */
export type SecretSources = ReadonlyMap<string, ReadonlyMap<string, SecretSource>>;

const secretName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/**
 * Reads the `secrets` of a spec that have `keys` with sources; other secrets exist in the cluster.
 * @returns the sources, and the problems found
 */
export function readSecretSources(yaml: YamlFile): { sources: SecretSources; problems: Problem[] } {
  const sources = new Map<string, ReadonlyMap<string, SecretSource>>();
  const problems: Problem[] = [];
  const { secrets } = mapOf(yaml.value);
  for (const [name, value] of Object.entries(mapOf(secrets))) {
    if (!Object.hasOwn(mapOf(value), 'keys')) continue;
    const path = ['secrets', name];
    const report = (below: readonly string[], message: string): void => {
      problems.push(yaml.problem([...path, ...below], message));
    };
    if (name.length > 253 || !secretName.test(name)) {
      report([], 'is not the name of a Secret: lower-case letters, digits, "-" and "." are allowed');
    }
    for (const key of Object.keys(mapOf(value))) if (key !== 'keys') report([key], 'is not known here: keys is');
    const { keys } = mapOf(value);
    if (Object.keys(mapOf(keys)).length === 0)
      report(['keys'], `must be a map of keys to their sources, found ${describeValue(keys)}`);
    const ofKeys = new Map<string, SecretSource>();
    for (const [key, written] of Object.entries(mapOf(keys))) {
      const source = sourceOf(written);
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) {
        report(['keys', key], `${quote(key)} is not the name of a variable: letters, digits and "_" are allowed`);
      } else if (source === undefined) {
        report(['keys', key], `must be {env: VARIABLE} or {file: PATH}, found ${describeValue(written)}`);
      } else ofKeys.set(key, source);
    }
    sources.set(name, ofKeys);
  }
  return { sources, problems };
}

function sourceOf(written: unknown): SecretSource | undefined {
  const [first, ...others] = Object.entries(mapOf(written));
  if (first === undefined || others.length > 0 || typeof first[1] !== 'string' || first[1] === '') return undefined;
  const [kind, text] = first;
  if (kind === 'env') return { env: text };
  return kind === 'file' && !text.includes('\0') ? { file: text } : undefined;
}

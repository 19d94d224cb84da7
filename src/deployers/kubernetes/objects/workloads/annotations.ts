import { createHash, type Hash } from 'node:crypto';
import type { V1Container, V1PodSpec } from '@kubernetes/client-node';
import type { FileObjectModel } from '../../../../compose/model/types.js';
import { type Holder, secretEntries } from '../configuration/environment.js';
import type { BoundFile, FileContents, ObjectsInput } from '../common/input.js';
import type { PodScope } from '../common/scope.js';
import { specAnnotations } from '../common/spec-metadata.js';

/** Annotation of the namespace: the path of the deployment directory, as the Python program wrote it. */
export const directoryAnnotation = 'laconic.com/deployment-dir';

/** On a Job that every start recreates. */
export const recreateAnnotation = 'laconic.com/recreate-job';

/** Checksums of the ConfigMaps and Secrets that a pod uses: pods are replaced when they change. */
export const configChecksum = 'laconic.com/config-checksum';
export const secretChecksum = 'laconic.com/secret-checksum';

/**
 * `image-id.laconic.com/<container>`: id of a `:local` image, or digest of a pushed one, so that a new build rolls out.
 */
export const imageIdPrefix = 'image-id.laconic.com/';

/**
 * The annotations of pods that follow changes: the spec's, and checksums that cause a rollout when something outside of
 * the pod's spec changes.
 */
export function podAnnotations(scope: PodScope, spec: V1PodSpec): { annotations?: Record<string, string> } {
  const annotations = {
    ...specAnnotations(scope),
    ...checksum(configChecksum, configsOf(scope)),
    ...checksum(secretChecksum, secretsOf(scope, spec)),
    ...imageIds(scope, spec),
  };
  return Object.keys(annotations).length === 0 ? {} : { annotations };
}

/** One checksum of all digests, by name; no annotation if there are none. */
function checksum(annotation: string, digests: ReadonlyMap<string, string>): Record<string, string> {
  if (digests.size === 0) return {};
  const hash = createHash('sha256');
  for (const [name, digest] of [...digests].sort(byKey)) addText(addText(hash, name), digest);
  return { [annotation]: hash.digest('hex').slice(0, 32) };
}

/** Content of the ConfigMaps that the pod mounts. */
function configsOf({ input, podFile, services }: PodScope): Map<string, string> {
  const digests = new Map<string, string>();
  for (const service of services) {
    for (const { type, source } of service.volumes) {
      if (source === undefined) continue;
      const declared = type === 'volume' ? input.configmaps.get(source) : undefined;
      const bound = type === 'bind' ? input.boundFiles.get(source) : undefined;
      if (declared !== undefined) digests.set(`volume ${source}`, filesDigest(declared));
      if (bound !== undefined) digests.set(`path ${source}`, boundDigest(bound));
    }
    for (const { source } of service.configs) {
      const content = contentOf(input, podFile.model.configs.get(source));
      if (content !== undefined) digests.set(`config ${source}`, content);
    }
  }
  return digests;
}

/** Content of the Secrets that the pod reads; of those that hold variables, only the keys that it reads. */
function secretsOf({ input, podFile, services, names }: PodScope, spec: V1PodSpec): Map<string, string> {
  const digests = new Map<string, string>();
  for (const service of services) {
    for (const { source } of service.secrets) {
      const content = contentOf(input, podFile.model.secrets.get(source));
      if (content !== undefined) digests.set(`secret ${source}`, content);
    }
  }
  for (const [name, values] of input.secretValues ?? []) {
    digests.set(`source ${name}`, textDigest(JSON.stringify([...values].sort(byKey))));
  }
  if (input.caCertificates.size > 0) digests.set('authorities', filesDigest(input.caCertificates));
  const holders = entriesOf(input);
  for (const { valueFrom } of allContainers(spec).flatMap(({ env }) => env ?? [])) {
    const reference = valueFrom?.secretKeyRef;
    if (reference === undefined) continue;
    const generated = reference.name === names.generatedSecrets;
    const entries = generated ? holders.generatedSecrets : holders.credentials;
    digests.set(`${generated ? 'key' : 'credential'} ${reference.key}`, textDigest(entries.get(reference.key) ?? ''));
  }
  return digests;
}

const entriesByInput = new WeakMap<ObjectsInput, Record<Holder, Map<string, string>>>();

function entriesOf(input: ObjectsInput): Record<Holder, Map<string, string>> {
  const entries = entriesByInput.get(input) ?? {
    generatedSecrets: secretEntries(input, 'generatedSecrets'),
    credentials: secretEntries(input, 'credentials'),
  };
  entriesByInput.set(input, entries);
  return entries;
}

function contentOf(input: ObjectsInput, defined: FileObjectModel | undefined): string | undefined {
  if (defined === undefined || defined.external) return undefined;
  if (defined.content !== undefined) return textDigest(defined.content);
  if (defined.environment !== undefined) {
    return textDigest(input.generatedSecrets.get(defined.environment) ?? input.config.get(defined.environment) ?? '');
  }
  const file = defined.file === undefined ? undefined : input.boundFiles.get(defined.file);
  return file === undefined ? undefined : boundDigest(file);
}

function imageIds({ input }: PodScope, spec: V1PodSpec): Record<string, string> {
  const ids: Record<string, string> = {};
  for (const { name, image = '' } of allContainers(spec)) {
    const id = input.imageVersions.get(image);
    if (id !== undefined) ids[`${imageIdPrefix}${name}`] = id;
  }
  return ids;
}

function allContainers({ initContainers = [], containers = [] }: Partial<V1PodSpec>): V1Container[] {
  return [...initContainers, ...containers];
}

/** Cached digests of content that is large or mounted by many. */
const digestsOf = new WeakMap<object, string>();

function once(content: object, digest: () => string): string {
  const known = digestsOf.get(content) ?? digest();
  digestsOf.set(content, known);
  return known;
}

function boundDigest(bound: BoundFile): string {
  if (bound.kind === 'directory') return filesDigest(bound.files);
  return once(bound, () => filesDigest(new Map([[bound.name, bound.content]])));
}

function filesDigest(files: FileContents): string {
  return once(files, () => {
    const hash = createHash('sha256');
    for (const [name, content] of [...files].sort(byKey))
      addText(hash, name).update(`${content.length}\n`).update(content);
    return hash.digest('hex');
  });
}

function textDigest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Adds the text after its length, so that different lists of texts never hash alike. */
function addText(hash: Hash, text: string): Hash {
  return hash.update(`${Buffer.byteLength(text)}\n`).update(text);
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

import { type Holder, secretEntries } from './environment.js';
import type { ObjectsInput } from '../common/input.js';
import { metadata } from '../common/metadata.js';
import { fileKey, type Names } from '../common/names.js';
import type { KubernetesObject } from '../common/object.js';
import type { Scope } from '../common/scope.js';
import { contentsOf } from './file-objects.js';

/**
 * Builds the Secrets of a deployment: generated values, credentials, secrets of the compose files, the registry's, the
 * certificates of authorities, and those of the spec's `secrets` that have sources. Others in the spec's `secrets`
 * belong to the operator and are only referred to. Values are in `data`, never in `stringData`.
 */
export function secrets(scope: Scope): KubernetesObject[] {
  const { input, names } = scope;
  const composeSecrets = contentsOf(scope, 'secrets').map(({ name, content }) =>
    secret(input, names.composeSecret(name), 'Opaque', new Map([[fileKey, content]])),
  );
  const composeConfigs = contentsOf(scope, 'configs')
    .filter(({ hidden }) => hidden)
    .map(({ name, content }) => secret(input, names.composeConfig(name), 'Opaque', new Map([[fileKey, content]])));
  const sourced = [...(input.secretValues ?? [])].map(([name, values]) =>
    secret(input, name, 'Opaque', bytesOf(values)),
  );
  const held = (['generatedSecrets', 'credentials'] as const).flatMap((holder) => variables(input, names, holder));
  const authorities =
    input.caCertificates.size === 0 ? [] : [secret(input, names.caCertificates, 'Opaque', input.caCertificates)];
  return [...registrySecret(input, names), ...held, ...composeSecrets, ...composeConfigs, ...sourced, ...authorities];
}

/** The Secret with values of variables. */
function variables(input: ObjectsInput, names: Names, holder: Holder): KubernetesObject[] {
  const entries = secretEntries(input, holder);
  return entries.size === 0 ? [] : [secret(input, names[holder], 'Opaque', bytesOf(entries))];
}

function bytesOf(values: ReadonlyMap<string, string>): Map<string, Buffer> {
  return new Map([...values].map(([key, value]) => [key, Buffer.from(value)]));
}

/** The registry's login for the nodes; without a token it is not created, and no pod refers to it. */
function registrySecret(input: ObjectsInput, names: Names): KubernetesObject[] {
  const { imagePullSecret: registry } = input.spec;
  const { registryToken: token } = input;
  if (registry === undefined || token === undefined) return [];
  const auth = Buffer.from(`${registry.username}:${token}`).toString('base64');
  const login = { auths: { [registry.server]: { username: registry.username, password: token, auth } } };
  const data = new Map([['.dockerconfigjson', Buffer.from(JSON.stringify(login))]]);
  return [secret(input, names.registrySecret, 'kubernetes.io/dockerconfigjson', data)];
}

function secret(input: ObjectsInput, name: string, type: string, data: ReadonlyMap<string, Buffer>): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: metadata(input, name),
    type,
    data: Object.fromEntries([...data].map(([key, value]) => [key, value.toString('base64')])),
  };
}

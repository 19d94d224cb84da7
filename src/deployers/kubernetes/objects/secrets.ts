import { secretEntries } from './environment.js';
import type { ObjectsInput } from './input.js';
import { metadata } from './metadata.js';
import { fileKey, type Names } from './names.js';
import type { KubernetesObject } from './object.js';
import type { Scope } from './scope.js';
import { contentsOf } from './file-objects.js';

/**
 * The Secrets of a deployment: generated values, those of the compose files, and the registry's (04 §4.9). Those that the spec names
 * under `secrets` are the operator's own: they are only referred to. Values are in `data`, never in `stringData` (decision 19).
 */
export function secrets(scope: Scope): KubernetesObject[] {
  const { input, names } = scope;
  const composeSecrets = contentsOf(scope, 'secrets').map(({ name, content }) =>
    secret(input, names.composeSecret(name), 'Opaque', new Map([[fileKey, content]])),
  );
  return [...registrySecret(input, names), ...generatedSecrets(input, names), ...composeSecrets];
}

function generatedSecrets(input: ObjectsInput, names: Names): KubernetesObject[] {
  const entries = secretEntries(input);
  if (entries.size === 0) return [];
  const data = new Map([...entries].map(([key, value]) => [key, Buffer.from(value)]));
  return [secret(input, names.generatedSecrets, 'Opaque', data)];
}

/** The registry's login for the nodes; none without a token, and then no pod refers to it (K-64). */
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

import type { V1EnvFromSource, V1EnvVar } from '@kubernetes/client-node';
import { namesIn, parseTemplate } from '../../../compose/template.js';
import type { ServiceModel } from '../../../compose/model/types.js';
import { quote } from '../../../system/yaml.js';
import { literal } from './expansion.js';
import type { ObjectsInput, PodInput } from './input.js';
import { type PodScope, refuse, warn } from './scope.js';

/** What the environment of a container is made from. */
type EnvironmentInput = Pick<ObjectsInput, 'config' | 'generated' | 'environment' | 'unmentioned' | 'spec'>;

/** One variable: its value, or the key of the generated secrets that holds it. */
type Variable = { value: string } | { key: string; value: string };

/**
 * `env` of a container (decision 7). `mentioned`: what Compose gives it, and the names that nothing in the stack mentions. `all`: the
 * old rule (04 §4.4.3), every variable of `config.env` that is not empty, which go before the compose file's literals. A value that
 * holds a generated secret is a reference to the Secret, never a text (decision 9).
 */
export function containerEnv(scope: PodScope, service: ServiceModel): V1EnvVar[] {
  const variables = variablesOf(scope.input, scope.pod, scope.job, service);
  for (const name of variables.keys()) checkName(scope, service, name);
  return [...variables].map(([name, variable]) => {
    if ('key' in variable) return secretVariable(name, scope.names.generatedSecrets, variable.key);
    // The API server leaves an empty value out of what it gives back.
    return variable.value === '' ? { name } : { name, value: literal(variable.value) };
  });
}

/** `envFrom`: the spec's `secrets`, which need not exist (04 §4.4.3). Generated ones are named in `env` each. */
export function containerEnvFrom({ input }: PodScope): V1EnvFromSource[] {
  return input.spec.secrets.map((name) => ({ secretRef: { name, optional: true } }));
}

export function secretVariable(name: string, secret: string, key: string): V1EnvVar {
  return { name, valueFrom: { secretKeyRef: { name: secret, key } } };
}

/**
 * Content of the Secret of generated secrets: each of them by its name, and each value of a container's environment that embeds one,
 * as `<pod>.<service>.<variable>` (`job.<job>.<service>.<variable>`).
 */
export function secretEntries(input: ObjectsInput): Map<string, string> {
  const entries = new Map(input.generated);
  if (input.generated.size === 0) return entries;
  const add = (pod: PodInput, job: boolean): void => {
    for (const service of pod.model.services.values()) {
      for (const variable of variablesOf(input, pod, job, service).values()) {
        if ('key' in variable) entries.set(variable.key, variable.value);
      }
    }
  };
  for (const pod of input.pods) add(pod, false);
  for (const job of input.jobs) add(job, true);
  return entries;
}

function variablesOf(
  input: EnvironmentInput,
  pod: PodInput,
  job: boolean,
  service: ServiceModel,
): Map<string, Variable> {
  const variables = new Map<string, Variable>();
  for (const [name, value] of service.environment) {
    if (leftToSecrets(input, service, name, value)) continue;
    const template = input.generated.size === 0 ? undefined : service.environmentTemplates.get(name);
    const secret = template === undefined ? undefined : embeddedSecret(template, value, input.generated);
    const whole = secret !== undefined && input.generated.get(secret) === value;
    const key = whole ? secret : derivedKey(job ? `job.${pod.name}` : pod.name, service, name);
    variables.set(name, secret === undefined ? { value } : { key, value });
  }
  const all = input.environment === 'all';
  for (const [name, value] of input.config) {
    if (all ? value !== '' : input.unmentioned.has(name) && !variables.has(name)) variables.set(name, { value });
  }
  for (const [name, value] of input.generated) {
    if ((all || input.unmentioned.has(name)) && !variables.has(name)) variables.set(name, { key: name, value });
  }
  return variables;
}

/**
 * Whether a variable is all that its value says, `${NAME}`, and is not set. `env` would win over `envFrom` with an
 * empty value, while the spec's Secrets are where such a value comes from.
 */
function leftToSecrets(
  { spec, config, generated }: EnvironmentInput,
  service: ServiceModel,
  name: string,
  value: string,
): boolean {
  if (value !== '' || spec.secrets.length === 0) return false;
  const { parts } = parseTemplate(service.environmentTemplates.get(name) ?? '');
  const [only] = parts;
  if (parts.length !== 1 || only?.kind !== 'variable' || only.operator !== undefined) return false;
  return !config.has(only.name) && !generated.has(only.name);
}

/** Letters that a Secret takes in its keys. */
function derivedKey(pod: string, service: ServiceModel, name: string): string {
  return `${pod}.${service.name}.${name}`.replace(/[^-._a-zA-Z0-9]/g, '_');
}

/** The generated secret that a template mentions and that is in the value it came to; `${SECRET:+yes}` holds none. */
function embeddedSecret(template: string, value: string, generated: ReadonlyMap<string, string>): string | undefined {
  const mentioned = [...namesIn(template)].filter((name) => {
    const secret = generated.get(name);
    return secret !== undefined && secret !== '' && value.includes(secret);
  });
  return mentioned.find((name) => generated.get(name) === value) ?? mentioned[0];
}

function checkName(scope: PodScope, service: ServiceModel, name: string): void {
  if (/^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(name)) return;
  const key = ['environment', name];
  if (/^[ -<>-~]+$/.test(name)) {
    warn(scope, service, key, `Kubernetes before 1.32 takes no variable of the name ${quote(name)}`);
  } else {
    refuse(
      scope,
      service,
      key,
      `Kubernetes takes no variable of the name ${quote(name)}: letters, digits, "-", "_" and "." are allowed`,
    );
  }
}

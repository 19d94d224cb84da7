import type { V1EnvFromSource, V1EnvVar } from '@kubernetes/client-node';
import { namesIn, parseTemplate } from '../../../../compose/syntax/template.js';
import type { ServiceModel } from '../../../../compose/model/types.js';
import { quote } from '../../../../system/yaml/yaml.js';
import { literal } from './expansion.js';
import type { ObjectsInput, PodFileInput } from '../common/input.js';
import { type PodScope, refuse, warn } from '../common/scope.js';

/** Shorter generated secrets may be part of a text by chance. */
export const shortestSecret = 8;

/** The Secrets (keys of Names) that hold values of variables. */
export type Holder = 'generatedSecrets' | 'credentials';

/** One variable: its value, or the key of the Secret that holds it. */
type Variable = { value: string } | { key: string; value: string; holder: Holder };

/** A secret value. */
export interface HiddenValue {
  name: string;
  value: string;
  holder: Holder;
  key: string;
}

/**
 * Returns `env` of a container. `mentioned`: what Compose gives it, and the config that nothing in the stack mentions.
 * `all`: every variable of `config.env` that is not empty, which take precedence over the compose file's literals, as
 * in the Python program. A value that contains a generated secret or a credential becomes a reference to the Secret.
 */
export function containerEnv(scope: PodScope, service: ServiceModel): V1EnvVar[] {
  const variables = variablesOf(scope.input, scope.podFile, scope.job, service);
  for (const name of variables.keys()) checkName(scope, service, name);
  return [...variables].map(([name, variable]) => {
    if ('key' in variable) return secretVariable(name, scope.names[variable.holder], variable.key);
    // The API server omits an empty value in its answers.
    return variable.value === '' ? { name } : { name, value: literal(variable.value) };
  });
}

/** Returns `envFrom`: the spec's `secrets`, all optional. Generated ones are listed one by one in `env`. */
export function containerEnvFrom({ input }: PodScope): V1EnvFromSource[] {
  return input.spec.secrets.map((name) => ({ secretRef: { name, optional: true } }));
}

/** Returns the variable `name` whose value is the `key` of a Secret. */
export function secretVariable(name: string, secret: string, key: string): V1EnvVar {
  return { name, valueFrom: { secretKeyRef: { name: secret, key } } };
}

/** Returns generated secrets and credentials by the name of the variable. */
export function hiddenValues(input: Pick<ObjectsInput, 'generatedSecrets' | 'credentials'>): Map<string, HiddenValue> {
  const credentials = [...input.credentials].map(
    ([name, value]): HiddenValue => ({ name, value, holder: 'credentials', key: credentialKey(name) }),
  );
  const generated = [...input.generatedSecrets].map(
    ([name, value]): HiddenValue => ({ name, value, holder: 'generatedSecrets', key: name }),
  );
  return new Map([...credentials, ...generated].map((hidden) => [hidden.name, hidden]));
}

/**
 * Returns the generated secrets and credentials whose values are in a text, the longest first. Credentials may be short
 * or plain words, so they count only where the part of the compose file mentions them.
 * @param part name of the text's service, or `outsideServices`
 */
export function secretsIn(
  { input, podFile }: Pick<PodScope, 'input' | 'podFile'>,
  part: string,
  text: string,
): HiddenValue[] {
  const mentioned = podFile.mentions.get(part);
  return [...hiddenValues(input).values()]
    .filter(({ name, value, holder }) =>
      holder === 'generatedSecrets' ? value.length >= shortestSecret : value !== '' && mentioned?.has(name) === true,
    )
    .filter(({ value }) => text.includes(value))
    .sort((a, b) => b.value.length - a.value.length);
}

/**
 * Holds the healthcheck of a service if that is a shell line with a credential in it: a probe cannot refer to a Secret.
 */
export const healthVariable = 'LACONIC_HEALTHCHECK';

/** Returns the shell line for {@link healthVariable} if the service needs it, and its index in `test`. */
export function hiddenHealthcheck(
  scope: Pick<PodScope, 'input' | 'podFile'>,
  { name, healthcheck }: ServiceModel,
): { line: string; index: number } | undefined {
  const test = healthcheck?.test ?? [];
  const index = shellLineOf(test);
  const line = test[index];
  if (line === undefined) return undefined;
  return secretsIn(scope, name, line).some(({ holder }) => holder === 'credentials') ? { line, index } : undefined;
}

/** Index of the shell line in a healthcheck's test: of `CMD-SHELL`, or of `CMD` with a shell; -1 if there is none. */
function shellLineOf([kind, program = '', option = '']: readonly string[]): number {
  if (kind === 'CMD-SHELL') return 1;
  return kind === 'CMD' && /(?:^|\/)(?:a|ba|da|k|z)?sh$/.test(program) && /^-[a-z]*c$/.test(option) ? 3 : -1;
}

/** Keys of a Secret allow fewer characters than names in an env file. */
function credentialKey(name: string): string {
  return /^[-._a-zA-Z0-9]+$/.test(name) ? name : `hex.${Buffer.from(name).toString('hex')}`;
}

/**
 * Returns the content of the Secret for generated secrets or credentials: each one by its name, and each value in a
 * container's environment that embeds one, as `<pod>.<service>.<variable>` (`job.<job>.<service>.<variable>`).
 */
export function secretEntries(input: ObjectsInput, holder: Holder): Map<string, string> {
  const own = [...hiddenValues(input).values()].filter((hidden) => hidden.holder === holder);
  const entries = new Map(own.map(({ key, value }) => [key, value]));
  if (entries.size === 0) return entries;
  const add = (podFile: PodFileInput, job: boolean): void => {
    for (const service of podFile.model.services.values()) {
      for (const variable of variablesOf(input, podFile, job, service).values()) {
        if ('key' in variable && variable.holder === holder) entries.set(variable.key, variable.value);
      }
    }
  };
  for (const podFile of input.podFiles) add(podFile, false);
  for (const job of input.jobs) add(job, true);
  return entries;
}

function variablesOf(
  input: ObjectsInput,
  podFile: PodFileInput,
  job: boolean,
  service: ServiceModel,
): Map<string, Variable> {
  const variables = new Map<string, Variable>();
  const hidden = hiddenValues(input);
  for (const [name, value] of service.environment) {
    if (leftToSecrets(input, service, name, value)) continue;
    const template = hidden.size === 0 ? undefined : service.environmentTemplates.get(name);
    const secret = template === undefined ? undefined : embeddedSecret(template, value, hidden);
    const key =
      secret?.value === value ? secret.key : derivedKey(job ? `job.${podFile.name}` : podFile.name, service, name);
    variables.set(name, secret === undefined ? { value } : { key, value, holder: secret.holder });
  }
  const healthcheck = hiddenHealthcheck({ input, podFile }, service);
  if (healthcheck !== undefined) {
    const key = derivedKey(job ? `job.${podFile.name}` : podFile.name, service, healthVariable);
    variables.set(healthVariable, { key, value: healthcheck.line, holder: 'credentials' });
  }
  const all = input.envPolicy === 'all';
  for (const [name, value] of input.config) {
    const credential = input.credentials.has(name) ? hidden.get(name) : undefined;
    const loose = input.unmentioned.has(name) && credential === undefined && !variables.has(name);
    if (all ? value !== '' : loose) variables.set(name, credential ?? { value });
  }
  for (const name of input.generatedSecrets.keys()) {
    const secret = hidden.get(name);
    if (secret !== undefined && (all || input.unmentioned.has(name)) && !variables.has(name))
      variables.set(name, secret);
  }
  return variables;
}

/**
 * Whether a value is just a reference to an unset variable, `${NAME}`. In `env` it would override `envFrom` with an
 * empty value, although the spec's Secrets may provide it.
 */
function leftToSecrets(
  { spec, config, generatedSecrets: generated }: ObjectsInput,
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

/** Replaces characters that keys of a Secret cannot have. */
function derivedKey(podFile: string, service: ServiceModel, name: string): string {
  return `${podFile}.${service.name}.${name}`.replace(/[^-._a-zA-Z0-9]/g, '_');
}

/** Returns the hidden value that a template mentions and its result contains; `${SECRET:+yes}` contains none. */
function embeddedSecret(
  template: string,
  value: string,
  hidden: ReadonlyMap<string, HiddenValue>,
): HiddenValue | undefined {
  const mentioned = [...namesIn(template)].flatMap((name) => {
    const secret = hidden.get(name);
    return secret !== undefined && secret.value !== '' && value.includes(secret.value) ? [secret] : [];
  });
  return mentioned.find((secret) => secret.value === value) ?? mentioned[0];
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

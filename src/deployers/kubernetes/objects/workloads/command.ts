import type { V1EnvVar } from '@kubernetes/client-node';
import type { ServiceModel } from '../../../../compose/model/types.js';
import { type HiddenValue, secretsIn, secretVariable } from '../configuration/environment.js';
import { literal } from '../configuration/expansion.js';
import { type PodScope, refuse } from '../common/scope.js';

export interface ContainerCommand {
  /** Replaces the image's entrypoint. */
  command?: string[];
  args?: string[];
  /** The container's variables, plus those for secrets in the words, which must not be in a pod's spec. */
  env: V1EnvVar[];
}

/**
 * Returns `command` and `args` of a container: Compose's `entrypoint` and `command`. An empty entrypoint clears the
 * image's, so that the command is the program. Generated secrets and credentials in the words are replaced by variables
 * from their Secret.
 */
export function containerCommand(scope: PodScope, service: ServiceModel, env: readonly V1EnvVar[]): ContainerCommand {
  const { entrypoint, command } = service;
  const result: ContainerCommand = { env: [...env] };
  const words = (texts: readonly string[] | undefined): string[] | undefined =>
    texts === undefined || texts.length === 0
      ? undefined
      : texts.map((text) => expandable(scope, service, text, result.env));
  const [program, args] = entrypoint?.length === 0 ? [command, undefined] : [entrypoint, command];
  if (entrypoint?.length === 0 && (command === undefined || command.length === 0)) {
    refuse(
      scope,
      service,
      ['entrypoint'],
      'is empty, and there is no command: Kubernetes cannot run an image without its entrypoint; write the command',
    );
  }
  const programWords = words(program);
  const argumentWords = words(args);
  if (programWords !== undefined) result.command = programWords;
  if (argumentWords !== undefined) result.args = argumentWords;
  return result;
}

/** Replaces each secret in a word by `$(NAME)`, and doubles every other `$`. */
function expandable(scope: PodScope, service: ServiceModel, text: string, env: V1EnvVar[]): string {
  let pieces = [{ text, done: false }];
  for (const secret of secretsIn(scope, service.name, text)) {
    const reference = { text: `$(${variableFor(scope, secret, env)})`, done: true };
    const { value } = secret;
    pieces = pieces.flatMap((piece) => {
      if (piece.done) return [piece];
      return piece.text
        .split(value)
        .flatMap((rest, index) => [...(index === 0 ? [] : [reference]), { text: rest, done: false }]);
    });
  }
  return pieces.map((piece) => (piece.done ? piece.text : literal(piece.text))).join('');
}

/**
 * Returns the variable that holds a secret. It is added under its own name, or under another one if that name is taken.
 */
function variableFor({ names }: PodScope, { name: own, holder, key }: HiddenValue, env: V1EnvVar[]): string {
  const secret = names[holder];
  const held = env.find(({ valueFrom }) => {
    const reference = valueFrom?.secretKeyRef;
    return reference?.name === secret && reference.key === key;
  });
  if (held !== undefined) return held.name;
  let name = own;
  while (env.some((variable) => variable.name === name)) name = `_${name}`;
  env.push(secretVariable(name, secret, key));
  return name;
}

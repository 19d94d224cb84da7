import type { V1EnvVar } from '@kubernetes/client-node';
import type { ServiceModel } from '../../../compose/model/types.js';
import { secretVariable } from './environment.js';
import { literal } from './expansion.js';
import { type PodScope, refuse } from './scope.js';

/** Shorter secrets are in texts by chance. */
const shortestSecret = 8;

export interface Command {
  /** In place of the image's entrypoint. */
  command?: string[];
  args?: string[];
  /** The container's variables, with those added that the words need: secrets, which must not stand in a pod's spec. */
  env: V1EnvVar[];
}

/**
 * `command` and `args` of a container: Compose's `entrypoint` and `command`. An empty entrypoint takes the image's away, so that the
 * command is the program. A generated secret among the words comes from the Secret, through a variable (decision 9).
 */
export function containerCommand(scope: PodScope, service: ServiceModel, env: readonly V1EnvVar[]): Command {
  const { entrypoint, command } = service;
  const result: Command = { env: [...env] };
  const words = (texts: readonly string[] | undefined): string[] | undefined =>
    texts === undefined || texts.length === 0 ? undefined : texts.map((text) => expandable(scope, text, result.env));
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

/** The generated secrets whose values stand in a text, the longest first. */
export function secretsIn({ input }: PodScope, text: string): string[] {
  return [...input.generated]
    .filter(([, value]) => value.length >= shortestSecret && text.includes(value))
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([name]) => name);
}

/** A word with `$(NAME)` in the place of each secret, and every other `$` doubled. */
function expandable(scope: PodScope, text: string, env: V1EnvVar[]): string {
  let pieces = [{ text, done: false }];
  for (const secret of secretsIn(scope, text)) {
    const reference = { text: `$(${variableFor(scope, secret, env)})`, done: true };
    const value = scope.input.generated.get(secret) ?? '';
    pieces = pieces.flatMap((piece) => {
      if (piece.done) return [piece];
      return piece.text
        .split(value)
        .flatMap((rest, index) => [...(index === 0 ? [] : [reference]), { text: rest, done: false }]);
    });
  }
  return pieces.map((piece) => (piece.done ? piece.text : literal(piece.text))).join('');
}

/** The variable that holds a generated secret; added under its own name, or another one when that means something else. */
function variableFor(scope: PodScope, secret: string, env: V1EnvVar[]): string {
  const { generatedSecrets } = scope.names;
  const held = env.find(({ valueFrom }) => valueFrom?.secretKeyRef?.key === secret);
  if (held !== undefined) return held.name;
  let name = secret;
  while (env.some((variable) => variable.name === name)) name = `_${name}`;
  env.push(secretVariable(name, generatedSecrets, secret));
  return name;
}

import { type KubernetesObject, podContainers } from '../objects/common/object.js';
import { listOf, mapOf } from '../../../system/plain-map.js';
import { masking } from '../../../system/redactor.js';

/** Shorter values would also be masked where a message does not quote them. */
const shortestValue = 4;

/**
 * Masks what a server's message quotes of the object that was sent: all content of a Secret, and whole values of
 * environment variables (which may be credentials).
 */
export function maskFor(object: KubernetesObject): (text: string) => string {
  const quoted = environmentValues(object).flatMap((value) => [JSON.stringify(value), `'${value}'`]);
  return masking(object.kind === 'Secret' ? [...secretTexts(object), ...quoted] : quoted);
}

function secretTexts({ data, stringData }: KubernetesObject): string[] {
  const encoded = strings(Object.values(mapOf(data)));
  const decoded = encoded.map((text) => Buffer.from(text, 'base64').toString());
  return [...encoded, ...decoded, ...strings(Object.values(mapOf(stringData)))];
}

function environmentValues(object: KubernetesObject): string[] {
  const entries = podContainers(object).flatMap(({ env }) => listOf(env));
  return strings(entries.map((entry) => mapOf(entry).value)).filter((value) => value.length >= shortestValue);
}

function strings(values: readonly unknown[]): string[] {
  return values.filter((value) => typeof value === 'string');
}

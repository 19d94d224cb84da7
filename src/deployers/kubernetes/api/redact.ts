import { type KubernetesObject, podContainers } from '../objects/common/object.js';
import { mapOf } from '../../../system/plain-map.js';

/** Shorter texts are part of too many words. */
const shortest = 4;

/**
 * Masks what a server's message quotes of the object that was sent: all content of a Secret, and whole values of
 * environment variables (which may be credentials).
 */
export function maskFor(object: KubernetesObject): (text: string) => string {
  const secrets = object.kind === 'Secret' ? secretTexts(object) : [];
  const quoted = environmentValues(object).flatMap((value) => [JSON.stringify(value), `'${value}'`]);
  const hidden = [...new Set([...secrets, ...quoted])].sort((a, b) => b.length - a.length);
  return (text) => hidden.reduce((shown, each) => shown.replaceAll(each, '***'), text);
}

function secretTexts(secret: KubernetesObject): string[] {
  const encoded = strings(secret.data);
  const plain = [...strings(secret.stringData), ...encoded.map((text) => Buffer.from(text, 'base64').toString())];
  return [...encoded, ...plain, ...plain.flatMap((text) => text.split(/\r?\n/))].filter(
    (text) => text.trim().length >= shortest,
  );
}

function strings(map: unknown): string[] {
  return Object.values(mapOf(map)).filter((value) => typeof value === 'string');
}

function environmentValues(object: KubernetesObject): string[] {
  return podContainers(object)
    .flatMap(({ env }): unknown[] => (Array.isArray(env) ? env : []))
    .map((entry) => mapOf(entry).value)
    .filter((value) => typeof value === 'string')
    .filter((value) => value.length >= shortest);
}

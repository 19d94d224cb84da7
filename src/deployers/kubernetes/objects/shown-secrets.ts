import type { InterpolatedText } from '../../../compose/model/types.js';
import { outsideServices } from '../../../compose/document/interpolation.js';
import { namesIn } from '../../../compose/syntax/template.js';
import { looksSecret } from '../../../spec/environment.js';
import { formatKeyPath, type KeyPath } from '../../../system/yaml/yaml.js';
import { partsOf } from './collisions.js';
import { type HiddenValue, hiddenValues, secretsIn, shortestSecret } from './configuration/environment.js';
import type { PodFileInput } from './common/input.js';
import { describeObject, type KubernetesObject } from './common/object.js';
import type { Scope } from './common/scope.js';
import { serviceSupport } from './support-matrix.js';

/** A text that is visible to everybody who can read the object. */
interface ShownText {
  object: KubernetesObject;
  path: KeyPath;
  text: string;
}

/**
 * Warns of generated secrets and credentials in plain text in an object, outside of the content of a Secret: at each
 * place of a compose file that puts one there; if there is none, such as for a file that a hook wrote, at the part of
 * the deployment that the object belongs to.
 */
export function reportShownSecrets(scope: Scope, objects: readonly KubernetesObject[]): void {
  const { input, findings } = scope;
  const hidden = [...hiddenValues(input).values()];
  if (hidden.length === 0) return;
  const shown = objects.flatMap(shownTexts);
  const files = shown.filter(isFile);
  const fields = shown.filter((text) => !isFile(text));
  const explained = new Set<string>();
  for (const podFile of [...input.podFiles, ...input.jobs]) {
    for (const place of podFile.model.interpolated()) {
      for (const secret of mentionedAt({ input, podFile }, place)) {
        if (!isShown(podFile, place, secret.value, fields)) continue;
        explained.add(secret.name);
        findings.warnings.push(
          podFile.model.problem(place.path, `holds ${whose(secret)}: ${adviceFor(place, secret)}`),
        );
      }
    }
  }
  for (const secret of hidden) {
    reportByValue(scope, secret, explained.has(secret.name) ? files : shown);
  }
}

/** The secrets that a text mentions and that its result contains. */
function mentionedAt(
  scope: Pick<Scope, 'input'> & { podFile: PodFileInput },
  { path, template, text }: InterpolatedText,
): HiddenValue[] {
  const names = namesIn(template);
  const part = path[0] === 'services' ? String(path[1]) : outsideServices;
  return secretsIn(scope, part, text).filter(({ name }) => names.has(name));
}

/** Whether a text of a compose file puts a value that it contains into fields of an object unchanged. */
function isShown(
  { model }: PodFileInput,
  { path, text }: InterpolatedText,
  value: string,
  fields: readonly ShownText[],
): boolean {
  const [section, service = '', key = ''] = path.map(String);
  if (section === 'secrets' || section === 'configs') return false;
  if (section === 'services') {
    // Values of variables are references. Labels, except for switches, are for Docker only.
    if (['environment', 'env_file', 'labels'].includes(key)) return false;
    if (key === 'command' || key === 'entrypoint') {
      // Items of a list are words; a text is split into words, as is a value in it with blanks or quotes.
      return path.length === 3 && count([text], value) > count(model.services.get(service)?.[key] ?? [], value);
    }
    if (key === 'healthcheck') return fields.some((field) => field.path.includes('exec') && field.text.includes(value));
    const level = Object.hasOwn(serviceSupport, key) ? serviceSupport[key]?.level : undefined;
    if (level !== 'mapped' && level !== 'partly') return false;
  }
  // Short values are part of many texts: the text around the value must be in the object.
  const parts = [text, ...text.split(':'), ...(value.length < shortestSecret ? [] : [value])];
  return parts.some((part) => part.includes(value) && fields.some((field) => field.text.includes(part)));
}

function count(texts: readonly string[], value: string): number {
  return texts.reduce((sum, text) => sum + text.split(value).length - 1, 0);
}

/** Reports a value wherever it appears, except short ones and plain words, which are in texts by chance. */
function reportByValue(scope: Scope, secret: HiddenValue, shown: readonly ShownText[]): void {
  const { input, findings } = scope;
  const { name, value, holder } = secret;
  if (holder === 'credentials' ? !looksSecret(name, value) : value.length < shortestSecret) return;
  for (const found of shown.filter(({ text }) => text.includes(value))) {
    const { object, path } = found;
    const what = describeObject(object);
    const advice = isFile(found) ? ': make the file one of the secrets of the compose file' : '';
    const message = `the ${what} holds, at ${formatKeyPath(path)}, ${whose(secret)}${advice}`;
    const [part] = partsOf(scope, what);
    const inSpec = holder === 'credentials' ? ['credentials-files'] : ['config', name];
    const problem = isFile(found) && part !== undefined ? part.problem(message) : undefined;
    findings.warnings.push(problem ?? input.spec.yaml.problem(inSpec, message));
  }
}

function whose({ name, holder }: HiddenValue): string {
  const what = holder === 'credentials' ? `${name} of a credentials file` : `the generated secret ${name}`;
  return `${what}, which is readable for everyone who can read the objects of the deployment`;
}

function adviceFor({ path: [, , key] }: InterpolatedText, { name }: HiddenValue): string {
  if (key === 'healthcheck') return `write $$${name} in a shell command and ${name} into environment`;
  if (key === 'command' || key === 'entrypoint') return 'write a list, in which each item stays one word';
  return 'only environment, commands, healthchecks in shell, secrets and configs take it from a Secret';
}

/** All texts of an object including keys, with `$` as seen by a container; of a Secret without its content. */
function shownTexts(object: KubernetesObject): ShownText[] {
  const found: ShownText[] = [];
  const visit = (value: unknown, path: KeyPath): void => {
    if (typeof value === 'string') {
      const text = path[0] === 'binaryData' ? Buffer.from(value, 'base64').toString() : value.replaceAll('$$', '$');
      found.push({ object, path, text });
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) {
        if (object.kind === 'Secret' && key === 'data') continue;
        const at = [...path, Array.isArray(value) ? Number(key) : key];
        if (!Array.isArray(value)) found.push({ object, path: at, text: key });
        visit(item, at);
      }
    }
  };
  visit(object, []);
  return found;
}

/** Whether a text is a file in a ConfigMap. */
function isFile({ object, path }: ShownText): boolean {
  return object.kind === 'ConfigMap' && path[0] === 'binaryData' && path.length === 2;
}

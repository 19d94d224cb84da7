import type { Problem } from '../../../../system/errors.js';
import { quote } from '../../../../system/yaml/yaml.js';
import { contentsOf } from '../configuration/file-objects.js';
import type { FileContents } from '../common/input.js';
import { metadata } from '../common/metadata.js';
import { fileKey, labelValue } from '../common/names.js';
import type { KubernetesObject } from '../common/object.js';
import type { Scope } from '../common/scope.js';
import { volumesOf } from './volumes.js';

/** Limit of the API server for all files together, in bytes. */
export const maxBytes = 1024 * 1024;

/**
 * The ConfigMaps of a deployment: volumes that the spec declares under `configmaps`, host paths that services mount,
 * and the compose files' own configs. All content is `binaryData`, since it may not be text.
 */
export function configmaps(scope: Scope): KubernetesObject[] {
  const { input, names } = scope;
  const ofCompose = contentsOf(scope, 'configs')
    .filter(({ hidden }) => !hidden)
    .flatMap(({ name, content, podFile }) =>
      configmap(scope, names.composeConfig(name), {}, new Map([[fileKey, content]]), (message) =>
        podFile.model.problem(['configs', name], message),
      ),
    );
  return [...declared(scope), ...bound(scope), ...ofCompose].map((object) => ({
    ...object,
    metadata: metadata(input, object.metadata.name, object.metadata.labels),
  }));
}

function declared(scope: Scope): KubernetesObject[] {
  const { input, names } = scope;
  const volumes = volumesOf(input);
  return [...input.spec.configmaps.keys()].flatMap((volume) => {
    if (!volumes.has(volume)) return [];
    const problem = (message: string): Problem => input.spec.yaml.problem(['configmaps', volume], message);
    const files = input.configmaps.get(volume);
    if (files === undefined) {
      scope.findings.errors.push(
        problem(`the deployment directory has no configmaps/${volume}: put the files there, or name their folder here`),
      );
      return [];
    }
    const labels = { 'configmap-label': labelValue(volume) };
    return configmap(scope, names.configmap(volume), labels, files, problem);
  });
}

/** A path that is mounted more than once gets one ConfigMap. */
function bound(scope: Scope): KubernetesObject[] {
  const { input, names } = scope;
  const made = new Map<string, KubernetesObject[]>();
  for (const { model } of [...input.podFiles, ...input.jobs]) {
    for (const service of model.services.values()) {
      service.volumes.forEach(({ type, source }, index) => {
        if (type !== 'bind' || source === undefined || made.has(names.bindConfigmap(source))) return;
        const problem = (message: string): Problem =>
          model.problem(['services', service.name, 'volumes', index], message);
        const file = input.boundFiles.get(source);
        // Missing files are reported where they are mounted.
        if (file === undefined || (file.kind === 'directory' && file.files.size === 0)) return;
        const files = file.kind === 'file' ? new Map([[file.name, file.content]]) : file.files;
        const labels = { 'configmap-label': labelValue(names.bindVolume(source)) };
        made.set(names.bindConfigmap(source), configmap(scope, names.bindConfigmap(source), labels, files, problem));
      });
    }
  }
  return [...made.values()].flat();
}

function configmap(
  { findings }: Scope,
  name: string,
  labels: Record<string, string>,
  files: FileContents,
  problem: (message: string) => Problem,
): KubernetesObject[] {
  const wrong = [...files.keys()].filter((key) => !/^[-._a-zA-Z0-9]{1,253}$/.test(key) || key === '.' || key === '..');
  if (wrong.length > 0) {
    const which = `the file${wrong.length > 1 ? 's' : ''} ${wrong.map(quote).join(', ')}`;
    const message = `${which} cannot be in a ConfigMap: names have letters, digits, "-", "_" and "." only`;
    findings.errors.push(problem(message));
    return [];
  }
  const size = [...files.values()].reduce((sum, content) => sum + content.length, 0);
  if (size > maxBytes) {
    const message = `holds ${size} bytes, and a ConfigMap at most ${maxBytes}: use a volume with a path, on kind below kind-mount-root`;
    findings.errors.push(problem(message));
    return [];
  }
  const binaryData = Object.fromEntries([...files].map(([key, content]) => [key, content.toString('base64')]));
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels }, ...(files.size > 0 ? { binaryData } : {}) },
  ];
}

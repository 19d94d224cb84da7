import type { Problem } from '../../../../system/errors.js';
import { quote } from '../../../../system/yaml/yaml.js';
import { contentsOf } from '../configuration/file-objects.js';
import type { FileContents } from '../common/input.js';
import { metadata } from '../common/metadata.js';
import { configKey, configParts, maxBytes, maxFolderBytes } from './config-files.js';
import { fileKey, labelValue } from '../common/names.js';
import type { KubernetesObject } from '../common/object.js';
import type { Scope } from '../common/scope.js';
import { volumesOf } from './volumes.js';

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
  const tooLarge = [...files].find(([, content]) => content.length > maxBytes);
  const size = [...files.values()].reduce((sum, content) => sum + content.length, 0);
  if (tooLarge !== undefined || size > maxFolderBytes) {
    const what =
      tooLarge === undefined
        ? `holds ${size} bytes, and a folder in ConfigMaps at most ${maxFolderBytes}`
        : `${quote(tooLarge[0])} has ${tooLarge[1].length} bytes, and a file in a ConfigMap at most ${maxBytes}`;
    findings.errors.push(problem(`${what}: use a volume with a path, on kind below kind-mount-root`));
    return [];
  }
  return configParts(name, files).map((part) => {
    const data = [...part.files].map(([path, content]) => [configKey(path), content.toString('base64')]);
    return {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: part.name, labels },
      ...(data.length > 0 ? { binaryData: Object.fromEntries(data) as Record<string, string> } : {}),
    };
  });
}

import type { V1VolumeMount } from '@kubernetes/client-node';
import type { FileReferenceModel, ServiceModel } from '../../../../compose/model/types.js';
import type { KeyPath } from '../../../../system/yaml/yaml.js';
import { holdsCredential } from '../configuration/file-objects.js';
import { fileKey } from '../common/names.js';
import type { PodVolumes } from './pod-volumes.js';
import { type PodScope, refuse, warn } from '../common/scope.js';

type Section = 'secrets' | 'configs';

const readable = 0o444;

/** A mount, and the key of the service that asks for it. */
export interface FileMount {
  mount: V1VolumeMount;
  key: KeyPath;
}

/**
 * Returns the mounts for secrets and configs of a service: each is a single file at its path in the container, from the
 * Secret or ConfigMap with its content (names.composeSecret, names.composeConfig).
 */
export function fileMounts(scope: PodScope, service: ServiceModel, volumes: PodVolumes): FileMount[] {
  const mount = (section: Section) => (reference: FileReferenceModel, index: number) =>
    fileMount(scope, service, volumes, section, reference, index);
  return [...service.secrets.flatMap(mount('secrets')), ...service.configs.flatMap(mount('configs'))];
}

function fileMount(
  scope: PodScope,
  service: ServiceModel,
  volumes: PodVolumes,
  section: Section,
  reference: FileReferenceModel,
  index: number,
): FileMount[] {
  const key = [section, index];
  const { source, target, mode = readable } = reference;
  const defined = scope.podFile.model[section].get(source);
  if (defined === undefined) {
    refuse(scope, service, key, `there is no ${source} among the file's ${section}`);
    return [];
  }
  if (mode > 0o777) refuse(scope, service, key, `the mode 0${mode.toString(8)} is more than Kubernetes takes: 0777`);
  if ((reference.uid ?? '0') !== '0' || (reference.gid ?? '0') !== '0') {
    warn(scope, service, key, 'uid and gid: the file belongs to root on Kubernetes; its mode says who may read it');
  }
  // An external one is an object in the cluster with a key named like the reference.
  const { external, name: ownName = source } = defined;
  const items = [{ key: external ? source : fileKey, path: fileKey }];
  const kind = section === 'secrets' ? 'secret' : 'config';
  const name = volumes.name(
    `${kind} ${source} ${mode}`,
    `${kind}-${source}`,
    section === 'secrets'
      ? { secret: { secretName: external ? ownName : scope.names.composeSecret(source), items, defaultMode: mode } }
      : holdsCredential(scope.input, scope.podFile, defined)
        ? { secret: { secretName: scope.names.composeConfig(source), items, defaultMode: mode } }
        : { configMap: { name: external ? ownName : scope.names.composeConfig(source), items, defaultMode: mode } },
  );
  return [{ mount: { name, mountPath: target, subPath: fileKey, readOnly: true }, key }];
}

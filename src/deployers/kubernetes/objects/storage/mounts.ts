import type { V1Volume, V1VolumeMount } from '@kubernetes/client-node';
import { parseBytes } from '../../../../compose/syntax/amounts.js';
import type { MountModel, ServiceModel } from '../../../../compose/model/types.js';
import { type KeyPath, quote } from '../../../../system/yaml/yaml.js';
import { fileMounts } from './file-mounts.js';
import type { BoundFile } from '../common/input.js';
import { configVolume } from './config-files.js';
import type { PodVolumes } from './pod-volumes.js';
import { bytesQuantity } from './quantities.js';
import { compact, type PodScope, refuse, warn } from '../common/scope.js';

/** Mount options that have no meaning on Kubernetes, or are the default there. */
const idleOptions = new Set([
  ...['', 'ro', 'rw', 'z', 'Z', 'cached', 'delegated', 'consistent', 'nocopy', 'volume-nocopy'],
  ...['create_host_path=false', 'mode=01777', 'mode=0777'],
]);

/**
 * Returns the mounts of a container: volumes, files of the host, memory, and secrets and configs of the compose file.
 */
export function containerMounts(scope: PodScope, service: ServiceModel, volumes: PodVolumes): V1VolumeMount[] {
  const byPath = new Map<string, V1VolumeMount>();
  const add = (mount: V1VolumeMount, key: KeyPath): void => {
    if (byPath.has(mount.mountPath)) {
      refuse(scope, service, key, `the path ${mount.mountPath} in the container is mounted twice: remove one`);
    }
    byPath.set(mount.mountPath, mount);
  };
  service.volumes.forEach((mount, index) => {
    const made = mountOf(scope, service, volumes, mount, index);
    if (made !== undefined) add(made, ['volumes', index]);
  });
  service.tmpfs.forEach((entry, index) => {
    add(memoryMount(scope, service, volumes, entry, index), ['tmpfs', index]);
  });
  const { shm_size: shared = 0 } = service;
  // A mount at that path has its own size.
  if (shared > 0 && !byPath.has('/dev/shm')) {
    const name = volumes.name(`shm ${service.name}`, `shm-${service.name}`, memory(shared));
    add({ name, mountPath: '/dev/shm' }, ['shm_size']);
  }
  for (const { mount, key } of fileMounts(scope, service, volumes)) add(mount, key);
  return [...byPath.values()];
}

function mountOf(
  scope: PodScope,
  service: ServiceModel,
  volumes: PodVolumes,
  mount: MountModel,
  index: number,
): V1VolumeMount | undefined {
  const key = ['volumes', index];
  const strange = mount.options.filter((option) => !idleOptions.has(option));
  if (strange.length > 0) warn(scope, service, key, `${strange.join(', ')}: Kubernetes has no such option`);
  const at = (name: string): V1VolumeMount =>
    compact({
      name,
      mountPath: mount.target,
      subPath: mount.subpath === '' ? undefined : mount.subpath,
      readOnly: mount.read_only || undefined,
    });
  if (mount.target.includes(':')) {
    refuse(scope, service, key, `${quote(mount.target)}: Kubernetes does not allow a path with ":"`);
    return undefined;
  }
  switch (mount.type) {
    case 'volume':
      return mount.source === undefined
        ? at(anonymous(scope, service, volumes, index))
        : at(named(scope, volumes, mount.source));
    case 'bind':
      return bound(scope, service, volumes, mount, key, at);
    case 'tmpfs':
      return at(volumes.name(`tmpfs ${service.name} ${mount.target}`, `tmpfs-${service.name}`, memory(mount.size)));
    case 'npipe':
    case 'cluster':
    case 'image':
      refuse(scope, service, key, `Kubernetes has no mounts of the type ${mount.type}: use a named volume`);
      return undefined;
  }
}

/** Returns the pod volume's name for a declared configmap or a claim. */
function named({ input, names }: PodScope, volumes: PodVolumes, volume: string): string {
  return volumes.name(
    `volume ${volume}`,
    volume,
    input.spec.configmaps.has(volume)
      ? configVolume(names.configmap(volume), input.configmaps.get(volume) ?? new Map())
      : { persistentVolumeClaim: { claimName: names.claim(volume) } },
  );
}

function anonymous(scope: PodScope, service: ServiceModel, volumes: PodVolumes, index: number): string {
  const message =
    'a volume without a name lives only as long as its pod on Kubernetes, and starts empty: name it to keep its content';
  warn(scope, service, ['volumes', index], message);
  return volumes.name(`anonymous ${service.name} ${index}`, `anonymous-${service.name}`, { emptyDir: {} });
}

/** A host path becomes a ConfigMap with its content at create; a single file is mounted as that file. */
function bound(
  scope: PodScope,
  service: ServiceModel,
  volumes: PodVolumes,
  mount: MountModel,
  key: KeyPath,
  at: (name: string) => V1VolumeMount,
): V1VolumeMount | undefined {
  const { input, names } = scope;
  const source = mount.source ?? '';
  // Without options Compose would allow writes too, but stacks bind their scripts and settings in that way.
  if (mount.options.includes('rw')) {
    const message = `${quote(source)} is copied into a ConfigMap, which is read-only: use a named volume, with a path in volumes of the spec, or leave rw out`;
    refuse(scope, service, key, message);
    return undefined;
  }
  const found = input.boundFiles.get(source);
  if (found === undefined) {
    const message = `${quote(source)} is not among the files of the deployment, and a pod cannot reach other files of this host: put it into the stack's config folder, or use a named volume`;
    refuse(scope, service, key, message);
    return undefined;
  }
  if (found.kind === 'directory' && found.files.size > 0 && !mount.read_only && !mount.options.includes('ro')) {
    const message = `${quote(source)} is copied into a ConfigMap, which is read-only, while on Compose the container may write: add :ro if it only reads, otherwise use a named volume`;
    warn(scope, service, key, message);
  }
  const name = volumes.name(
    `bind ${names.bindVolume(source)}`,
    names.bindVolume(source),
    boundSource(scope, source, found),
  );
  return found.kind === 'file' ? { ...at(name), subPath: found.name } : at(name);
}

/**
 * An empty folder becomes an `emptyDir`: a ConfigMap without keys would be read-only. Files that are not readable by
 * everybody keep their mode.
 */
function boundSource({ names }: PodScope, source: string, found: BoundFile): Omit<V1Volume, 'name'> {
  const files = found.kind === 'directory' ? found.files : new Map([[found.name, found.content]]);
  return files.size === 0 ? { emptyDir: {} } : configVolume(names.bindConfigmap(source), files, found.modes);
}

function memory(size: number | undefined): { emptyDir: { medium: string; sizeLimit?: string } } {
  const sizeLimit = size === undefined || size <= 0 ? undefined : bytesQuantity(BigInt(Math.ceil(size)));
  return { emptyDir: { medium: 'Memory', ...(sizeLimit === undefined ? {} : { sizeLimit }) } };
}

/** An entry of `tmpfs`: `/run:size=64m,mode=1777`. */
function memoryMount(
  scope: PodScope,
  service: ServiceModel,
  volumes: PodVolumes,
  entry: string,
  index: number,
): V1VolumeMount {
  const [mountPath = '', options = ''] = entry.split(':');
  const key = ['tmpfs', index];
  let size: number | undefined;
  const strange: string[] = [];
  for (const option of options.split(',')) {
    // Kubernetes has no sizes relative to the node's memory.
    const [, amount] = /^size=(.*[^%])$/.exec(option) ?? [];
    const bytes = amount === undefined ? undefined : parseBytes(amount);
    if (bytes !== undefined) size = bytes;
    else if (amount !== undefined) refuse(scope, service, key, `${quote(amount)} is not a size: write it like 64m`);
    // Every user in the pod may write to it, which equals 1777.
    else if (!/^(?:|rw|ro|noexec|nosuid|nodev|mode=0?1?777)$/.test(option)) strange.push(option);
  }
  if (strange.length > 0) warn(scope, service, key, `${strange.join(', ')}: Kubernetes has no such option`);
  const name = volumes.name(`tmpfs ${service.name} ${mountPath}`, `tmpfs-${service.name}`, memory(size));
  return compact({ name, mountPath, readOnly: options.split(',').includes('ro') || undefined });
}

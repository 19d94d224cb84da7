import type { Cursor } from '../cursor.js';
import type { DependencyModel } from '../types.js';

const conditions = ['service_started', 'service_healthy', 'service_completed_successfully'] as const;

/**
 * Reads what a service waits for: `depends_on`, and what `links`, `volumes_from` and the modes `service:<name>` imply.
 */
export function readDependencies(service: Cursor): Map<string, DependencyModel> {
  const dependencies = new Map<string, DependencyModel>();
  const section = service.at('depends_on');
  if (section?.tree.kind === 'map') {
    for (const [name, cursor] of section.entries()) {
      const dependency = longDependency(cursor);
      if (dependency !== undefined) dependencies.set(name, dependency);
    }
  } else {
    for (const name of section?.texts({ once: true }) ?? []) dependencies.set(name, started(false));
  }

  const imply = (name: string | undefined, restart: boolean): void => {
    if (name !== undefined && !dependencies.has(name)) dependencies.set(name, started(restart));
  };
  for (const link of service.at('links')?.texts() ?? []) imply(link.split(':')[0], true);
  for (const key of ['network_mode', 'ipc', 'pid', 'uts', 'cgroup']) {
    const mode = service.at(key);
    const text = mode?.isText ? mode.text() : undefined;
    if (text?.startsWith('service:')) imply(text.slice('service:'.length), true);
  }
  for (const volume of service.at('volumes_from')?.texts() ?? []) {
    if (!volume.startsWith('container:')) imply(volume.split(':')[0], false);
  }
  return dependencies;
}

function started(restart: boolean): DependencyModel {
  return { condition: 'service_started', required: true, restart };
}

function longDependency(cursor: Cursor): DependencyModel | undefined {
  if (!cursor.checkKeys(['condition', 'required', 'restart'])) return undefined;
  const condition = cursor.at('condition');
  if (condition === undefined) {
    // An item of a list of names, after `extends` has merged it.
    if (cursor.tree.kind === 'map' && cursor.tree.entries.size === 0) return started(false);
    return cursor.refuse(`is missing its key condition: one of ${conditions.join(', ')}`);
  }
  return {
    condition: condition.oneOf(conditions) ?? 'service_started',
    required: cursor.at('required')?.boolean() ?? true,
    restart: cursor.at('restart')?.boolean() ?? false,
  };
}

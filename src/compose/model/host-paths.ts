import type { KeyPath } from '../../system/yaml.js';
import type { ComposeModel, MountModel } from './types.js';

/** A path of the host that a compose file names: for a mount, or as the content of a secret or config. */
export interface HostPath {
  kind: 'bind' | 'secret' | 'config';
  /** As the compose file has it. */
  source: string;
  /** The key that names it. */
  at: KeyPath;
  /** Of a bind. */
  mount?: MountModel;
}

/** Every path of the host in a compose file; those of definitions that nothing uses are left out. */
export function* hostPathsOf(model: ComposeModel): Generator<HostPath> {
  for (const service of model.services.values()) {
    for (const [index, mount] of service.volumes.entries()) {
      const { type, source } = mount;
      const at = ['services', service.name, 'volumes', index];
      if (type === 'bind' && source !== undefined) yield { kind: 'bind', source, at, mount };
    }
    for (const kind of ['secret', 'config'] as const) {
      const section = `${kind}s` as const;
      for (const { source: name } of service[section]) {
        const source = model[section].get(name)?.file;
        if (source !== undefined) yield { kind, source, at: [section, name, 'file'] };
      }
    }
  }
}

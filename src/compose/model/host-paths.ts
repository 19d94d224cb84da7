import type { KeyPath } from '../../system/yaml/yaml.js';
import type { ComposeModel, MountModel } from './types.js';

/** A host path in a compose file: of a mount, or of a file for a secret or config. */
export interface HostPath {
  kind: 'bind' | 'secret' | 'config';
  /** As written in the compose file. */
  source: string;
  /** The key that holds it. */
  at: KeyPath;
  /** Only for a bind. */
  mount?: MountModel;
}

/** Yields every host path in a compose file, except those of unused definitions. */
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

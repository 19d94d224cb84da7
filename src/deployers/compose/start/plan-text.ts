import type { Kept, Reason } from './plan-recreation.js';

/** Why a start changes a service, as the end of a sentence. */
export function reasonText(why: Reason): string {
  switch (why.kind) {
    case 'absent':
      return 'it has no container';
    case 'count':
      return `it has ${why.is} of ${why.wanted} containers`;
    case 'configuration':
      return why.parts.length === 0
        ? 'its configuration changed'
        : `its configuration changed (${why.parts.join(', ')})`;
    case 'image':
      return `its image ${why.image} was rebuilt`;
    case 'contents':
      return `${why.changed.join(', ')} changed since it was created`;
    case 'state':
      return `its container is ${why.state}`;
    case 'networks':
      return 'networks or volumes changed';
    case 'volume':
      return `its volume ${why.volume} moved to another directory`;
    case 'follows':
      return `it follows ${why.service}`;
    case 'needed':
      return `${why.service} depends on it`;
    case 'secrets':
      return 'a secret has a new value';
    case 'update':
      return 'the update of the directory changes it';
    case 'variables':
      return why.names.length === 0
        ? 'it follows a service that is recreated'
        : `new values of ${why.names.join(', ')}`;
  }
}

/** Why a start does not change a service. */
export const keptTexts: Readonly<Record<Kept, string>> = {
  same: 'nothing differs',
  done: 'it has already completed',
  none: 'it is scaled to 0',
};

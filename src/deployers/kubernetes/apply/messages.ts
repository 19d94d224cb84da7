import type { KubernetesObject } from '../objects/common/object.js';
import type { Action } from './actions.js';
import { mapOf } from '../../../system/plain-map.js';

/**
 * Returns the line on stdout that the Python program prints for an action; undefined if it prints none, as for most
 * kinds and for objects that needed no write.
 */
export function lineFor(action: Action): string | undefined {
  const { object } = action;
  const { name } = object.metadata;
  const verb = verbOf(action);
  switch (object.kind) {
    case 'Deployment':
      if (verb === undefined) return undefined;
      return verb === 'Created'
        ? `Created Deployment ${name} (strategy: ${strategyOf(object)})`
        : `Updated Deployment ${name} (rolling update)`;
    case 'Service':
      return verb === undefined || mapOf(object.spec).type === 'NodePort' ? undefined : `${verb} Service ${name}`;
    case 'Ingress':
      return verb === undefined ? undefined : `${verb} Ingress ${name}`;
    case 'Job':
      return action.do === 'keep' || action.do === 'label' ? `Job ${name} already exists, skipping` : undefined;
    case 'Secret':
      return verb === undefined ? undefined : secretLine(object, verb);
    case 'PersistentVolume':
      return action.do === 'label' && action.release
        ? `PV ${name} is Released, clearing claimRef for rebinding`
        : undefined;
    default:
      return undefined;
  }
}

function verbOf(action: Action): 'Created' | 'Updated' | undefined {
  if (action.do === 'create' || action.do === 'replace') return 'Created';
  return action.do === 'apply' ? 'Updated' : undefined;
}

function strategyOf(deployment: KubernetesObject): string {
  const { type } = mapOf(mapOf(deployment.spec).strategy);
  return typeof type === 'string' ? type : 'RollingUpdate';
}

/** Keys are counted and a server is named; no value is shown. */
function secretLine(secret: KubernetesObject, verb: string): string | undefined {
  const { name } = secret.metadata;
  const data = mapOf(secret.data);
  if (name.endsWith('-generated-secrets')) {
    return `${verb} K8s Secret '${name}' with ${Object.keys(data).length} secret(s)`;
  }
  const registry = data['.dockerconfigjson'];
  if (typeof registry !== 'string') return undefined;
  const { auths } = mapOf(JSON.parse(Buffer.from(registry, 'base64').toString()) as unknown);
  return `${verb} registry secret '${name}' for ${Object.keys(mapOf(auths)).join(', ')}`;
}

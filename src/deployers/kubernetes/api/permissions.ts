import type { KubernetesObject } from '../objects/common/object.js';
import type { ClusterApi, ResourceType } from './api.js';
import { listOf, mapOf } from '../../../system/plain-map.js';
import { ClusterError, isForbidden } from './errors.js';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'patch' | 'delete';

/** A permission that the account needs: a request on objects of one kind. */
export interface Need {
  readonly verb: Verb;
  readonly type: ResourceType;
}

/** Returns each of these verbs for each of these kinds. */
export function needs(types: Iterable<ResourceType>, ...verbs: Verb[]): Need[] {
  return [...types].flatMap((type) => verbs.map((verb) => ({ verb, type })));
}

/**
 * Reads; if that is forbidden, reports everything that the account lacks, not only the first refusal.
 * @param needed everything that the command will request, including this reading
 * @throws ClusterError
 */
export async function readAllowed<T>(
  api: ClusterApi,
  namespace: string,
  needed: readonly Need[],
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!isForbidden(error) || error instanceof PermissionError) throw error;
    await requirePermissions(api, namespace, needed);
    throw error;
  }
}

/** @throws ClusterError naming everything that the account lacks, before anything is written */
export async function requirePermissions(api: ClusterApi, namespace: string, needed: readonly Need[]): Promise<void> {
  const lacking = await lackingPermissions(api, namespace, needed);
  if (lacking.length > 0) throw new PermissionError(api, namespace, lacking);
}

/** Everything that an account lacks for a command. */
export class PermissionError extends ClusterError {
  constructor(api: ClusterApi, namespace: string, lacking: readonly Need[]) {
    const head = `the account of ${api.description} lacks permissions in namespace ${namespace}:`;
    super([head, ...linesOf(lacking)].join('\n'), {
      status: 403,
      reason: 'Forbidden',
      hint: 'nothing was changed; docs/kubernetes.md has a Role with all that a deployment needs',
    });
  }
}

/**
 * Returns which of these the account may not do in the namespace, in one request. Empty if the server does not answer
 * that: it then refuses the request itself.
 */
export async function lackingPermissions(
  api: ClusterApi,
  namespace: string,
  needed: readonly Need[],
): Promise<readonly Need[]> {
  const rules = await rulesOf(api, namespace);
  if (rules === undefined) return [];
  const unique = new Map(needed.map((need) => [`${need.verb} ${nameOf(need.type)}`, need]));
  const unruled = [...unique.values()].filter((need) => !rules.list.some((rule) => allows(rule, need)));
  if (rules.complete) return unruled;
  const allowed = await Promise.all(unruled.map((need) => mayDo(api, namespace, need)));
  return unruled.filter((_, at) => allowed[at] === false);
}

/** A permission of an account, as listed by the server. */
interface Rule {
  verbs: unknown;
  groups: unknown;
  resources: unknown;
}

async function rulesOf(api: ClusterApi, namespace: string): Promise<{ list: Rule[]; complete: boolean } | undefined> {
  const review = reviewOf('SelfSubjectRulesReview', { namespace });
  const answer = await api.review(review, 'selfsubjectrulesreviews').catch(unlessRefused);
  if (answer === undefined) return undefined;
  const { resourceRules, incomplete } = mapOf(answer.status);
  return {
    // A rule for certain objects does not allow requests on all of a kind.
    list: listOf(resourceRules)
      .map(mapOf)
      .filter(({ resourceNames }) => !Array.isArray(resourceNames) || resourceNames.length === 0)
      .map(({ verbs, apiGroups, resources }) => ({ verbs, groups: apiGroups, resources })),
    complete: incomplete !== true,
  };
}

/** Asks for a single permission, for authorizers that cannot list what they allow. */
async function mayDo(api: ClusterApi, namespace: string, { verb, type }: Need): Promise<boolean> {
  const place = type.namespaced ? { namespace } : {};
  const resourceAttributes = { ...place, verb, group: groupOf(type), resource: type.plural };
  const review = reviewOf('SelfSubjectAccessReview', { resourceAttributes });
  const answer = await api.review(review, 'selfsubjectaccessreviews').catch(unlessRefused);
  return mapOf(answer?.status).allowed !== false;
}

function reviewOf(kind: string, spec: Record<string, unknown>): KubernetesObject {
  return { apiVersion: 'authorization.k8s.io/v1', kind, metadata: { name: '' }, spec };
}

function unlessRefused(error: unknown): undefined {
  if (error instanceof ClusterError && error.status !== undefined) return undefined;
  throw error;
}

function allows({ verbs, groups, resources }: Rule, { verb, type }: Need): boolean {
  const has = (list: unknown, one: string): boolean => listOf(list).includes(one) || listOf(list).includes('*');
  return has(verbs, verb) && has(groups, groupOf(type)) && has(resources, type.plural);
}

function groupOf({ apiVersion }: ResourceType): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
}

/** The kind in kubectl's spelling: `deployments.apps`. */
function nameOf(type: ResourceType): string {
  const group = groupOf(type);
  return group === '' ? type.plural : `${type.plural}.${group}`;
}

/** `  secrets: list, create`, one line per kind. */
function linesOf(lacking: readonly Need[]): string[] {
  const verbs = new Map<string, Verb[]>();
  for (const { type, verb } of lacking) {
    const name = type.namespaced ? nameOf(type) : `${nameOf(type)} (of the cluster)`;
    verbs.set(name, [...(verbs.get(name) ?? []), verb]);
  }
  return [...verbs].map(([name, missing]) => `  ${name}: ${missing.join(', ')}`).sort();
}

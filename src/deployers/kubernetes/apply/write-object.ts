import type { Context } from '../../../system/context.js';
import { describeObject, type KubernetesObject } from '../objects/common/object.js';
import type { Action } from './actions.js';
import type { ClusterApi, LiveObject } from '../api/api.js';
import { ClusterError, isConflict } from '../api/errors.js';
import { requireGone } from '../api/await-deletion.js';
import { adoptedFields, fieldManager, isAdoptedManager } from './field-managers.js';
import { typeOf } from '../api/resources.js';

/**
 * How often an object may change while it is adopted. A namespace that changes may have been taken by another
 * deployment.
 */
const attemptsFor = (kind: string): number => (kind === 'Namespace' ? 1 : 5);

export interface WriteOptions {
  /** Fields set by other field managers are taken over, and each is reported; false or absent: they are an error. */
  readonly forceConflicts?: boolean;
  /**
   * Seconds to wait for the deletion of objects in the way (`--wait-timeout`); absent: what their deletion may take.
   */
  readonly goneSeconds?: number | undefined;
}

/**
 * Executes one action.
 * @returns the resulting object
 * @throws ClusterError; a conflict names the fields and their managers
 */
export async function writeObject(
  action: Action,
  api: ClusterApi,
  context: Context,
  { forceConflicts: force = false, goneSeconds }: WriteOptions = {},
): Promise<LiveObject> {
  const { object } = action;
  switch (action.do) {
    case 'keep':
      return action.live;
    case 'label':
      return mark(action.live, object, action.release, api);
    case 'create':
      if (action.after !== undefined) await requireGone(api, [action.after], context, goneSeconds);
      return makeNew(object, api);
    case 'replace': {
      const { name, namespace, uid } = action.live.metadata;
      await api.delete(typeOf(object), name, namespace, { uid, propagation: 'Foreground' });
      await requireGone(api, [action.live], context, goneSeconds);
      return makeNew(object, api);
    }
    case 'apply': {
      const live = action.adopt ? await adopt(action.live, api) : action.live;
      return apply(object, live, false, api).catch(async (error: unknown) => {
        if (!(force && error instanceof ConflictError)) throw error;
        const done = await apply(object, live, true, api);
        context.report.info(error.taken);
        return done;
      });
    }
  }
}

/**
 * Namespaces, volumes and claims are created by a request that fails if one exists: a namespace belongs to the
 * deployment that creates it, and what holds data is never changed. Everything else is applied.
 */
function makeNew(object: KubernetesObject, api: ClusterApi): Promise<LiveObject> {
  if (['Namespace', 'PersistentVolume', 'PersistentVolumeClaim'].includes(object.kind)) {
    return api.create(object, fieldManager);
  }
  return explained(object, () => api.apply(object, { fieldManager, force: false }));
}

function apply(object: KubernetesObject, live: LiveObject, force: boolean, api: ClusterApi): Promise<LiveObject> {
  // Two deployments may take one namespace at the same time: the resource version lets only one of them win.
  const { resourceVersion } = live.metadata;
  const sent = object.kind === 'Namespace' ? { ...object, metadata: { ...object.metadata, resourceVersion } } : object;
  return explained(object, () => api.apply(sent, { fieldManager, force }));
}

/**
 * Checks what an action would write, without writing it.
 * @param force see `forceConflicts` of {@link writeObject}
 * @throws ClusterError
 */
export async function check(action: Action, api: ClusterApi, force = false): Promise<void> {
  const { object } = action;
  switch (action.do) {
    case 'keep':
    case 'label':
      return;
    case 'create':
      // An object that is being deleted cannot be changed into its successor.
      if (action.after === undefined) await explained(object, () => dryApply(object, false, api));
      return;
    case 'replace':
      await dryCreate(object, api);
      return;
    case 'apply':
      // Fields that the Python client set, or our own create, will be taken over: only other conflicts are real.
      await explained(object, () => dryApply(object, false, api)).catch(async (error: unknown) => {
        if (!(error instanceof ConflictError)) throw error;
        if (action.adopt && error.managers.every(isAdoptedManager)) return;
        if (!force) throw error;
        await dryApply(object, true, api);
      });
      // Until it is adopted, the server would keep fields that the adoption removes (a rollout strategy's).
      if (action.adopt) await (object.kind === 'Deployment' ? dryCreate(object, api) : dryApply(object, true, api));
  }
}

/** Checks an object as a separate one, under another name. */
async function dryCreate(object: KubernetesObject, api: ClusterApi): Promise<LiveObject> {
  const other = { ...object, metadata: { ...object.metadata, name: '', generateName: 'laconic-check-' } };
  try {
    return await api.create(other, fieldManager, true);
  } catch (error) {
    if (!(error instanceof ClusterError) || error.status === undefined) throw error;
    const { status, reason, causes, hint } = error;
    const message = error.message.replace(/^cannot create \S+ +/, `cannot apply ${describeObject(object)} `);
    throw new ClusterError(message, { status, reason, causes, hint, cause: error });
  }
}

function dryApply(object: KubernetesObject, force: boolean, api: ClusterApi): Promise<LiveObject> {
  return api.apply(object, { fieldManager, force, dryRun: true });
}

/** Fields of an object that we set now belong to another field manager. */
class ConflictError extends ClusterError {
  readonly managers: readonly string[];
  /** The report after they were taken over. */
  readonly taken: string;

  constructor(object: KubernetesObject, conflicts: readonly { manager: string; field: string }[], cause: ClusterError) {
    const lines = conflicts.map(({ manager, field }) => `  ${field}: set by ${manager}`);
    super(`${describeObject(object)} has fields that another client has changed:\n${lines.join('\n')}`, {
      status: cause.status,
      reason: cause.reason,
      causes: cause.causes,
      hint: 'set them to what `render` shows, or put their current values into the spec, and start again; or take them over with --force-conflicts',
      cause,
    });
    this.managers = conflicts.map(({ manager }) => manager);
    const fields = conflicts.map(({ manager, field }) => `  ${field}: was set by ${manager}`);
    this.taken = `${describeObject(object)} has these fields set by this deployment again:\n${fields.join('\n')}`;
  }
}

async function explained<T>(object: KubernetesObject, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    const conflicts = isConflict(error) ? conflictsOf(error) : [];
    throw conflicts.length > 0 ? new ConflictError(object, conflicts, error as ClusterError) : error;
  }
}

/** Each cause has the form `conflict with "kubectl-edit" using apps/v1`. */
function conflictsOf(error: ClusterError): { manager: string; field: string }[] {
  return error.causes
    .filter(({ reason }) => reason === 'FieldManagerConflict')
    .map(({ message, field = '' }) => ({
      manager: /conflict with "([^"]*)"/.exec(message)?.[1] ?? message,
      field: field.replace(/^\./, ''),
    }));
}

/**
 * Turns the fields that the Python program's client set, or our own create, into fields that we applied, once: the
 * following apply then removes what we do not set, and nothing conflicts. Guarded by the resource version; if the
 * object has changed, it is read again.
 */
async function adopt(object: LiveObject, api: ClusterApi): Promise<LiveObject> {
  const type = typeOf(object);
  const { name, namespace } = object.metadata;
  let live = object;
  for (let attempt = 1; ; attempt += 1) {
    const managedFields = adoptedFields(live);
    if (managedFields === undefined) return live;
    const patch = [
      { op: 'replace', path: '/metadata/managedFields', value: managedFields },
      // The server refuses the patch if the object has another version.
      { op: 'replace', path: '/metadata/resourceVersion', value: live.metadata.resourceVersion },
    ];
    try {
      return await api.patch(type, name, namespace, patch, fieldManager);
    } catch (error) {
      if (!isConflict(error) || attempt === attemptsFor(object.kind)) throw error;
    }
    const now = await api.get(type, name, namespace);
    if (now === undefined) return live;
    live = now;
  }
}

/**
 * Sets labels on an object that is otherwise not changed, regardless of concurrent writes of controllers; a Released
 * volume loses its claim reference, but only if it has not changed.
 */
function mark(live: LiveObject, object: KubernetesObject, release: boolean, api: ClusterApi): Promise<LiveObject> {
  const { name, namespace, uid, resourceVersion } = live.metadata;
  const labels = object.metadata.labels ?? {};
  const patch = release
    ? { metadata: { labels, resourceVersion }, spec: { claimRef: null } }
    : { metadata: { labels, uid } };
  return api.patch(typeOf(object), name, namespace, patch, fieldManager);
}

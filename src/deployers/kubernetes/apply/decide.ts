import { isDeepStrictEqual } from 'node:util';
import { recreateAnnotation } from '../objects/workloads/annotations.js';
import { describeObject, type KubernetesObject } from '../objects/common/object.js';
import type { Action } from './actions.js';
import type { LiveObject } from '../api/api.js';
import { differences } from './drift.js';
import { droppedFields } from './dropped.js';
import { hashAnnotation } from './hash.js';
import { createdByUs, foreignReplicas, writtenByPython } from './field-managers.js';
import { listOf, mapOf } from '../../../system/plain-map.js';

/** What to do about a wanted object that exists, and what to report about it. */
export interface Decision {
  readonly action: Action;
  /** Warnings: what is wanted and not done. */
  readonly warnings: readonly string[];
  /** Reported as info. */
  readonly remarks: readonly string[];
}

/**
 * @param object the wanted object, with its hash
 * @param live the object of this name, which is ours or may be adopted
 * @param isGone whether the claim that a volume names (its `claimRef`) no longer exists
 */
export function decide(
  object: KubernetesObject,
  live: LiveObject,
  isGone: (claim: Record<string, unknown>) => boolean = () => false,
): Decision {
  switch (object.kind) {
    case 'PersistentVolume':
    case 'PersistentVolumeClaim':
      return decideVolume(object, live, isGone);
    case 'Job':
      return decideJob(object, live);
    default: {
      const why = unchangeable(object, live);
      if (why !== undefined) return { action: { do: 'replace', object, live, why }, warnings: [], remarks: [why] };
      return decideOther(object, live);
    }
  }
}

/** No write if the hash is equal and nothing differs. */
function decideOther(object: KubernetesObject, live: LiveObject): Decision {
  const [wanted, is] = [mapOf(object.spec).replicas, mapOf(live.spec).replicas];
  const owner = object.kind === 'Deployment' && wanted !== is ? foreignReplicas(live) : undefined;
  const sent = owner === undefined ? object : withoutReplicas(object);
  const remarks =
    owner === undefined
      ? []
      : [
          `${describeObject(object)} keeps its ${JSON.stringify(is)} replicas, set by ${owner}: scale it to ${JSON.stringify(wanted)}, as in the spec, to return control to the deployment`,
        ];
  const changed = differences(sent, live);
  const python = writtenByPython(live);
  if (changed.length === 0 && !python) return { action: { do: 'keep', object: sent, live }, warnings: [], remarks };
  const adopt = python || createdByUs(live);
  const removed = droppedFields(sent, live);
  return { action: { do: 'apply', object: sent, live, changed, removed, adopt }, warnings: [], remarks };
}

function withoutReplicas(object: KubernetesObject): KubernetesObject {
  const spec = { ...mapOf(object.spec) };
  delete spec.replicas;
  return { ...object, spec };
}

/** Changes that the API server refuses in place. */
function unchangeable(object: KubernetesObject, live: LiveObject): string | undefined {
  const name = describeObject(object);
  const [wanted, is] = [mapOf(object.spec), mapOf(live.spec)];
  if (object.kind === 'Deployment') {
    const [labels, former] = [wanted, is].map(({ selector }) => mapOf(mapOf(selector).matchLabels));
    if (isDeepStrictEqual(labels, former)) return undefined;
    return `${name} is deleted and recreated: its selector differs, and a selector is immutable`;
  }
  if (object.kind === 'Service') {
    if (is.type === 'ExternalName' || wanted.type === 'ExternalName') return undefined;
    if ((wanted.clusterIP === 'None') === (is.clusterIP === 'None')) return undefined;
    return `${name} is deleted and recreated: a Service cannot change between headless and a cluster IP`;
  }
  if (object.kind === 'Secret' || object.kind === 'ConfigMap') {
    const type = object.type ?? 'Opaque';
    if (object.kind === 'Secret' && type !== (live.type ?? 'Opaque')) {
      return `${name} is deleted and recreated: the type of a Secret is immutable`;
    }
    if (live.immutable === true && differences({ ...object, metadata: {} }, live).length > 0) {
      return `${name} is deleted and recreated: it is immutable`;
    }
  }
  return undefined;
}

/** Existing volumes and claims are never changed: differences are reported. A Released volume can be bound again. */
function decideVolume(
  object: KubernetesObject,
  live: LiveObject,
  isGone: (claim: Record<string, unknown>) => boolean,
): Decision {
  // A volume becomes Released a moment after its claim is gone.
  const { phase } = mapOf(live.status);
  const freed = phase === 'Released' || (phase === 'Bound' && isGone(mapOf(mapOf(live.spec).claimRef)));
  const release = object.kind === 'PersistentVolume' && freed;
  const drift = differences(object.spec, live.spec, 'spec').map((path) => {
    const [is, wanted] = [valueAt(live, path), valueAt(object, path)].map(
      (value) => JSON.stringify(value) ?? 'not set',
    );
    return { path, text: `${describeObject(object)} is not changed: ${path} is ${is}, the spec wants ${wanted}` };
  });
  // Most storage does not enforce sizes, and the Python program used other units.
  const isSize = ({ path }: { path: string }): boolean => /\.(storage)$/.test(path);
  return {
    action: release || unmarked(object, live) ? { do: 'label', object, live, release } : { do: 'keep', object, live },
    warnings: drift.filter((each) => !isSize(each)).map(({ text }) => text),
    remarks: drift.filter(isSize).map(({ text }) => text),
  };
}

function valueAt(object: KubernetesObject, path: string): unknown {
  return path
    .split(/[.[\]]+/)
    .filter((part) => part !== '')
    .reduce<unknown>((value, part) => (Array.isArray(value) ? value[Number(part)] : mapOf(value)[part]), object);
}

/**
 * A Job runs once: a failed one is recreated, a finished or running one stays, unless it is labelled to run at every
 * start, or is a pod that runs again when it changes.
 */
function decideJob(object: KubernetesObject, live: LiveObject): Decision {
  const name = describeObject(object);
  if (hasCondition(live, 'Failed')) {
    const why = `${name} failed before: it is recreated`;
    return { action: { do: 'replace', object, live, why }, warnings: [], remarks: [why] };
  }
  const before = live.metadata.annotations?.[hashAnnotation];
  const changed = before !== undefined && before !== object.metadata.annotations?.[hashAnnotation];
  const recreated = object.metadata.annotations?.[recreateAnnotation];
  if (recreated === 'true' || (recreated === 'changed' && changed)) {
    const when = recreated === 'true' ? 'is recreated by every start' : 'has changed and is to be recreated';
    // A running job must not be started twice or cut off.
    if (!hasCondition(live, 'Complete')) {
      const still = `${name} ${when}, but is running at the moment: it is left alone`;
      return { action: { do: 'keep', object, live }, warnings: [], remarks: [still] };
    }
    const why = `${name} has ended: it is recreated, as ${recreated === 'true' ? 'its label says' : 'it has changed'}`;
    return { action: { do: 'replace', object, live, why }, warnings: [], remarks: [why] };
  }
  return {
    action: unmarked(object, live) ? { do: 'label', object, live, release: false } : { do: 'keep', object, live },
    warnings: [],
    remarks: changed ? [`${name} has run with an earlier definition: run-job runs the current one`] : [],
  };
}

function hasCondition(job: LiveObject, wanted: 'Failed' | 'Complete'): boolean {
  const { conditions } = mapOf(job.status);
  return listOf(conditions)
    .map(mapOf)
    .some(({ type, status }) => type === wanted && status === 'True');
}

/** Whether labels of laconic-so are missing on an object that is otherwise not changed. */
function unmarked(object: KubernetesObject, live: LiveObject): boolean {
  return differences(object.metadata.labels ?? {}, live.metadata.labels ?? {}).length > 0;
}

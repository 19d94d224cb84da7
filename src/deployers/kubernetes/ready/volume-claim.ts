import { oneLine } from './container.js';
import { type ClaimFacts, eventTime, type PodFacts } from './api-types.js';
import type { WatchCache } from './watch-cache.js';

/** Why a claim is not bound. `never`: nothing in the cluster will bind it by itself. */
export interface ClaimProblem {
  claim: string;
  state: string;
  never: boolean;
}

/** Provisioner failures that a retry does not fix. */
const lasting = /not found|invalid|unsupported|not supported|no such/i;

/** Returns the unbound claims of a pod with reasons, those that will never be bound first. */
export function claimProblems(pod: PodFacts, world: WatchCache): ClaimProblem[] {
  const names = (pod.spec.volumes ?? []).flatMap((volume) => volume.persistentVolumeClaim?.claimName ?? []);
  return names
    .map((name) => {
      const claim = world.find('PersistentVolumeClaim', name);
      if (claim !== undefined) return claimProblem(claim, world);
      // It may not have been reported yet.
      if (!world.isGone('PersistentVolumeClaim', name)) return undefined;
      return { claim: name, state: 'does not exist', never: true };
    })
    .filter((problem) => problem !== undefined)
    .sort((a, b) => Number(b.never) - Number(a.never));
}

/** Returns why a claim is not bound; undefined if it is. Pure. */
export function claimProblem(claim: ClaimFacts, world: WatchCache): ClaimProblem | undefined {
  const { name } = claim.metadata;
  const problem = (state: string, never: boolean): ClaimProblem => ({ claim: name, state, never });
  if (claim.metadata.deletionTimestamp !== undefined) return problem('is being deleted', false);
  const phase = claim.status?.phase;
  if (phase === 'Bound') return undefined;
  if (phase === 'Lost') return problem(`is lost: its volume ${claim.spec.volumeName ?? ''} is gone`, true);
  return claim.spec.volumeName ? ofVolume(claim, claim.spec.volumeName, world) : ofClass(claim, world);
}

/** A claim on a specific volume. */
function ofVolume(claim: ClaimFacts, name: string, world: WatchCache): ClaimProblem {
  const problem = (state: string, never: boolean): ClaimProblem => ({ claim: claim.metadata.name, state, never });
  const volume = world.find('PersistentVolume', name);
  if (volume === undefined) {
    return world.isGone('PersistentVolume', name)
      ? problem(`waits for volume ${name}, which does not exist`, true)
      : problem(`waits for volume ${name}`, false);
  }
  const { name: mine, namespace, uid } = claim.metadata;
  const holder = volume.spec.claimRef;
  if (holder?.name !== undefined && (holder.name !== mine || holder.namespace !== namespace)) {
    return problem(`waits for volume ${name}, which belongs to claim ${holder.namespace ?? ''}/${holder.name}`, true);
  }
  if (holder?.uid !== undefined && holder.uid !== uid) {
    return problem(`waits for volume ${name}, which still belongs to an earlier claim of this name`, true);
  }
  const mismatch = said(claim, world, 'VolumeMismatch');
  if (mismatch !== undefined) return problem(`cannot be bound to volume ${name}: ${mismatch}`, true);
  return problem(`waits for volume ${name}`, false);
}

/** A claim on a volume of its storage class. */
function ofClass(claim: ClaimFacts, world: WatchCache): ClaimProblem {
  const problem = (state: string, never: boolean): ClaimProblem => ({ claim: claim.metadata.name, state, never });
  const failed = said(claim, world, 'ProvisioningFailed');
  if (failed !== undefined) return problem(`gets no volume: ${failed}`, lasting.test(failed));
  const unbound = said(claim, world, 'FailedBinding');
  if (unbound === undefined) return problem('waits for a volume', false);
  if (claim.spec.storageClassName) return problem(`gets no volume: ${unbound}`, false);
  return problem('gets no volume: the cluster has no default storage class', true);
}

/** The latest event of a claim with this reason. */
function said(claim: ClaimFacts, world: WatchCache, reason: string): string | undefined {
  const events = world.eventsAbout(claim.metadata.uid).filter((event) => event.reason === reason);
  const newest = events.sort((a, b) => eventTime(b) - eventTime(a))[0];
  return newest && oneLine(newest.message);
}

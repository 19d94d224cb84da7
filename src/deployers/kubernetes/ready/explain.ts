import { explainEach, logLines } from '../../readiness/explanation.js';
import type { ClusterApi } from '../api/api.js';
import { resourcePath, resources } from '../api/resources.js';
import { describeObject } from '../objects/common/object.js';
import { isTold, oneLine } from './container.js';
import type { ContainerStatusFacts, PodFacts } from './api-types.js';
import type { Verdict } from './judge.js';
import { containersOf } from './pod.js';
import type { WatchCache } from './watch-cache.js';

/** Events shown per object. */
const eventLines = 3;

/**
 * Explains why objects are not ready: for each its state, the latest warnings about it and its pod, and the end of the
 * container's log.
 */
export async function explainObjects(
  verdicts: readonly Verdict[],
  world: WatchCache,
  { api, namespace }: { api: ClusterApi; namespace: string },
): Promise<string> {
  return explainEach(verdicts, (verdict) => {
    const { awaited, readiness } = verdict;
    const pod = podOf(verdict, world);
    const container = pod && troubled(verdict, pod);
    const subjects = [world.find(awaited.kind, awaited.name)?.metadata.uid, pod?.metadata.uid, ...claimsOf(pod, world)];
    const head = `${describeObject({ kind: awaited.kind, metadata: awaited })}: ${readiness.state}`;
    return {
      head: pod === undefined ? head : `${head} (pod ${pod.metadata.name})`,
      details: async () => [
        ...warnings(subjects, readiness.state, world),
        ...(pod === undefined || container === undefined ? [] : await endOfLog(api, namespace, pod, container)),
      ],
    };
  });
}

function podOf({ awaited, readiness }: Verdict, world: WatchCache): PodFacts | undefined {
  if ('pod' in readiness && readiness.pod !== undefined) return world.find('Pod', readiness.pod);
  if (awaited.kind === 'Job') {
    const job = world.find('Job', awaited.name);
    return job && world.podsOfJob(job)[0];
  }
  const deployment = world.find('Deployment', awaited.name);
  const pods = deployment === undefined ? [] : world.podsOf(deployment);
  return pods.find((pod) => containersOf(pod).some(({ status }) => !status?.ready)) ?? pods[0];
}

/** The container with the most useful log: the one that the verdict names, else the first that is not ready. */
function troubled({ readiness }: Verdict, pod: PodFacts): ContainerStatusFacts | undefined {
  const all = containersOf(pod);
  const named = 'container' in readiness ? all.find(({ spec }) => spec.name === readiness.container) : undefined;
  return (named ?? all.find(({ status }) => status !== undefined && !status.ready && hasRun(status)))?.status;
}

function hasRun({ state, lastState }: ContainerStatusFacts): boolean {
  return state?.running !== undefined || state?.terminated !== undefined || lastState?.terminated !== undefined;
}

function claimsOf(pod: PodFacts | undefined, world: WatchCache): (string | undefined)[] {
  return (pod?.spec.volumes ?? []).map(({ persistentVolumeClaim: claim }) =>
    claim === undefined ? undefined : world.find('PersistentVolumeClaim', claim.claimName)?.metadata.uid,
  );
}

/** The latest warnings about these objects, without duplicates and those that the state already contains. */
function warnings(uids: readonly (string | undefined)[], state: string, world: WatchCache): string[] {
  const events = world.warningsAbout(new Set(uids.filter((uid) => uid !== undefined)));
  const news = events.filter((event) => !isTold(oneLine(event.message), state));
  const texts = new Set(news.map((event) => `${event.reason ?? 'Warning'}: ${oneLine(event.message)}`));
  return [...texts].slice(0, eventLines).map((text) => `  event: ${text}`);
}

async function endOfLog(
  api: ClusterApi,
  namespace: string,
  pod: PodFacts,
  status: ContainerStatusFacts,
): Promise<string[]> {
  if (!hasRun(status)) return [];
  const path = `${resourcePath(resources.Pod, namespace, pod.metadata.name)}/log`;
  // Between two attempts this is the log of the last one.
  const query = { container: status.name, tailLines: String(logLines) };
  const read = async (more: Record<string, string>): Promise<string[]> => {
    // The node may have removed it; the state must be shown anyway.
    const text = await api.text(path, { ...query, ...more }).catch(() => '');
    return text.split('\n').filter((line) => line !== '' && !isLost(line));
  };
  const present = await read({});
  // A container that has just been restarted has not written anything yet.
  const lines = present.length > 0 || status.restartCount === 0 ? present : await read({ previous: 'true' });
  if (lines.length === 0) return [`  ${status.name} wrote no log`];
  return [`  end of the log of ${status.name}:`, ...lines.map((line) => `    ${line}`)];
}

/** Whether a line is the kubelet's answer for a log that it has removed. */
export function isLost(line: string): boolean {
  return /^unable to retrieve container logs for [\w.-]+:\/\/[0-9a-f]+$/.test(line);
}

import { oneLine } from './container.js';
import { type ContainerStatusFacts, eventTime, type PodFacts } from './api-types.js';
import type { WatchCache } from './watch-cache.js';

/** A probe's output may be a whole page; `status` and a failed start show all of it. */
const longest = 160;

/** A failing liveness probe ends the container instead, which is shown as such. The kubelet marks combined messages. */
const awaitedProbe = /^(?:\(combined from similar events\): )?(?=(?:Readiness|Startup) probe )/;

/**
 * Returns the last failure of the probes of a running container, in one line: `readiness probe failed: connection
 * refused`. Undefined if it does not run, or if they have not failed since it started. Pure.
 */
export function lastProbeFailure(
  pod: PodFacts,
  container: string,
  status: ContainerStatusFacts | undefined,
  world: WatchCache,
): string | undefined {
  const startedAt = status?.state?.running?.startedAt;
  if (status?.state?.running === undefined) return undefined;
  const [last] = world
    .eventsAbout(pod.metadata.uid)
    .filter(
      ({ reason, involvedObject: about }) => reason === 'Unhealthy' && about.fieldPath?.endsWith(`{${container}}`),
    )
    .filter(({ message }) => awaitedProbe.test(message ?? ''))
    .filter((event) => startedAt === undefined || eventTime(event) >= Date.parse(startedAt))
    .sort((a, b) => eventTime(b) - eventTime(a));
  return last && shortened(last.message);
}

function shortened(message: string | undefined): string {
  const reported = oneLine(message).replace(awaitedProbe, '').replace(/:$/, '');
  const text = reported.charAt(0).toLowerCase() + reported.slice(1);
  return text.length <= longest ? text : `${text.slice(0, longest - 1).trimEnd()}…`;
}

/** Whether two such reasons differ only in numbers: addresses, counts and times change with every attempt. */
export function isSameReason(a: string, b: string): boolean {
  const words = (text: string): string => text.replace(/\d+/g, '0');
  return words(a) === words(b);
}

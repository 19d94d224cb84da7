import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ListQuery, LiveObject, ResourceType, WatchEvent } from './api.js';
import { ClusterError } from './errors.js';
import { mapOf } from '../../../system/plain-map.js';

/** The methods of a client that following uses. */
interface Follower {
  list(type: ResourceType, query: ListQuery): Promise<{ items: LiveObject[]; resourceVersion: string }>;
  changes(type: ResourceType, query: ListQuery, resourceVersion: string, signal: AbortSignal): Promise<Readable>;
}

/** How long a server may be unreachable before following fails with its error, in milliseconds. */
const patience = 60_000;
const pause = 1_000;

/** The resource version has expired: everything is listed again. */
class GoneError extends Error {}

/**
 * Yields what exists, as ADDED, then each change. If the server closes a watch, it continues from the last version
 * seen; if that has expired, it lists again and yields the difference.
 * @throws ClusterError if the server refuses, or is unreachable for a minute
 */
export async function* followObjects(
  client: Follower,
  type: ResourceType,
  query: ListQuery,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent> {
  const known = new Map<string, LiveObject>();
  let version: string | undefined;
  let answeredAt = Date.now();
  while (!signal.aborted) {
    try {
      if (version === undefined) {
        const list = await client.list(type, query);
        yield* differences(known, list.items);
        version = list.resourceVersion;
      }
      const changes = await client.changes(type, query, version, signal);
      const opened = Date.now();
      answeredAt = opened;
      for await (const { event, at } of readChanges(changes, type)) {
        version = at;
        answeredAt = Date.now();
        if (event !== undefined) yield remember(known, event);
      }
      // Prevents a busy loop with a server that closes at once.
      if (Date.now() - opened < pause) await sleep(pause, undefined, { signal });
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof GoneError || (error instanceof ClusterError && error.status === 410)) {
        version = undefined;
        continue;
      }
      // A permanent refusal: a retry changes nothing.
      const status = error instanceof ClusterError ? error.status : undefined;
      if (status !== undefined && status < 500 && status !== 429) throw error;
      if (Date.now() - answeredAt > patience) throw error;
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Yields the events between the known state and a new list. */
function* differences(known: Map<string, LiveObject>, listed: readonly LiveObject[]): Generator<WatchEvent> {
  const present = new Set(listed.map(({ metadata }) => metadata.uid));
  for (const object of [...known.values()]) {
    if (!present.has(object.metadata.uid)) yield remember(known, { type: 'DELETED', object });
  }
  for (const object of listed) {
    const before = known.get(object.metadata.uid);
    if (before?.metadata.resourceVersion === object.metadata.resourceVersion) continue;
    yield remember(known, { type: before === undefined ? 'ADDED' : 'MODIFIED', object });
  }
}

function remember(known: Map<string, LiveObject>, event: WatchEvent): WatchEvent {
  if (event.type === 'DELETED') known.delete(event.object.metadata.uid);
  else known.set(event.object.metadata.uid, event.object);
  return event;
}

/** Yields the lines of a watch: an event, or only its progress (a bookmark). */
async function* readChanges(
  changes: Readable,
  type: ResourceType,
): AsyncGenerator<{ event: WatchEvent | undefined; at: string }> {
  try {
    for await (const line of linesOf(changes)) {
      const change = JSON.parse(line) as { type: string; object: LiveObject };
      if (change.type === 'ERROR') {
        const { code, message } = mapOf(change.object);
        if (code === 410) throw new GoneError();
        throw new ClusterError(`cannot follow ${type.plural}: ${String(message)}`, {
          status: typeof code === 'number' ? code : undefined,
        });
      }
      const object = { ...change.object, apiVersion: type.apiVersion, kind: type.kind };
      const at = object.metadata.resourceVersion;
      if (change.type === 'BOOKMARK') yield { event: undefined, at };
      else yield { event: { type: change.type as WatchEvent['type'], object }, at };
    }
  } finally {
    changes.destroy();
  }
}

/** Yields lines as they arrive; readline does not pass on the errors of its input. */
async function* linesOf(stream: Readable): AsyncGenerator<string> {
  stream.setEncoding('utf8');
  let rest = '';
  for await (const chunk of stream as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter((line) => line.trim() !== '');
  }
}

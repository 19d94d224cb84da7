import { ask, type Engine, explainEngineError } from './connect.js';
import { composeLabels } from './containers.js';

/** An event of a container of the project. */
export interface ContainerEvent {
  id: string;
  /** `start`, `die`, `destroy`, `oom`, `health_status: healthy`, … */
  action: string;
  service: string;
  oneOff: boolean;
}

/**
 * Subscribes to the container events of a Compose project. The subscription is active when this resolves: a state read
 * afterwards plus these events miss nothing. The iteration ends when `signal` aborts, and throws if the connection to
 * the engine ends.
 */
export async function projectEvents(
  engine: Engine,
  project: string,
  signal: AbortSignal,
): Promise<AsyncIterable<ContainerEvent>> {
  const what = `cannot follow the events of ${project}`;
  const stream = await ask(engine, what, () =>
    engine.docker.getEvents({
      abortSignal: signal,
      filters: { type: ['container'], label: [`${composeLabels.project}=${project}`] },
    }),
  );
  // The stream may stay unread for a while; an abort before the first read must not be an unhandled error.
  stream.on('error', () => undefined);
  return readEvents(engine, what, stream, signal);
}

async function* readEvents(
  engine: Engine,
  what: string,
  stream: NodeJS.ReadableStream,
  signal: AbortSignal,
): AsyncGenerator<ContainerEvent> {
  stream.setEncoding('utf8');
  let rest = '';
  try {
    for await (const text of stream) {
      const lines = (rest + text.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line.trim() !== '') yield containerEvent(line);
      }
    }
  } catch (error) {
    if (!signal.aborted) throw explainEngineError(engine, what, error);
  }
  if (!signal.aborted) throw explainEngineError(engine, what, new Error('the engine ended the stream of events'));
}

function containerEvent(line: string): ContainerEvent {
  const event = JSON.parse(line) as { Action: string; Actor: { ID: string; Attributes: Record<string, string> } };
  return {
    id: event.Actor.ID,
    action: event.Action,
    service: event.Actor.Attributes[composeLabels.service] ?? '',
    oneOff: event.Actor.Attributes[composeLabels.oneOff] === 'True',
  };
}

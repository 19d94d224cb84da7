import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { KubeConfig } from '@kubernetes/client-node';
import { InterruptedError, LaconicError } from '../../../system/errors.js';
import { listOf, mapOf } from '../../../system/plain-map.js';
import { signalExitCode } from '../../../system/process/process.js';

/** A command to run in a container of a pod. */
export interface PodCommand {
  namespace: string;
  pod: string;
  container: string;
  command: readonly string[];
}

export interface PodStreams {
  /** Absent: the command has no stdin. */
  stdin?: Readable;
  stdout: Writable;
  /** Absent with a terminal, which has only one stream. */
  stderr?: Writable;
  /** The terminal's size; if present, the container gets a terminal. */
  terminal?: Terminal;
}

/** A terminal of this process. */
export interface Terminal {
  columns: number;
  rows: number;
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
}

/** The used part of the client library's WebSocket. */
interface Socket {
  readonly protocol: string;
  readonly bufferedAmount: number;
  send(data: Buffer, sent?: (error?: Error) => void): void;
  close(): void;
  terminate(): void;
  pause(): void;
  resume(): void;
  on(event: 'close', listener: (code: number) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
}

/** Channels of the API server's exec protocol. */
const channel = { stdin: 0, stdout: 1, stderr: 2, status: 3, size: 4, close: 255 } as const;
/** The first protocol version in which stdin can be closed. */
const closable = 'v5.channel.k8s.io';
/** Nothing more is sent while this many bytes are in flight. */
const inFlight = 1024 * 1024;

/**
 * Runs a command in a container, connected to the given streams; resolves to its exit code. Memory use is bounded for
 * any amount of data. On interruption the connection is closed, but the process in the container may continue. The
 * connection is also closed when the output is no longer read (`| head`): the exit code is then that of a program
 * killed by SIGPIPE.
 * @throws LaconicError if it cannot be run, or the connection ends before the command; InterruptedError
 */
export async function execInPod(
  config: KubeConfig,
  target: PodCommand,
  streams: PodStreams,
  signal: AbortSignal,
): Promise<number> {
  if (signal.aborted) throw new InterruptedError();
  const receiver = new Receiver(streams);
  const open = await connect(config, target, receiver);
  const interrupt = (): void => open.terminate();
  signal.addEventListener('abort', interrupt, { once: true });
  const ended = new Promise<void>((resolve) => open.on('close', () => resolve()));
  // The close event after an error reports the same.
  open.on('error', () => undefined);
  receiver.onReaderLeft(() => open.terminate());
  const stopSizes = streams.terminal === undefined ? () => undefined : sendSizes(open, streams.terminal);
  const input = new AbortController();
  const sent = streams.stdin === undefined ? undefined : sendInput(open, streams.stdin, input.signal);
  try {
    await Promise.race([ended, sent?.then(() => ended) ?? ended]);
  } finally {
    signal.removeEventListener('abort', interrupt);
    stopSizes();
    input.abort();
    open.terminate();
  }
  if (signal.aborted) throw new InterruptedError();
  const { status, readerLeft } = receiver;
  if (status === undefined && readerLeft) return signalExitCode('SIGPIPE');
  if (status === undefined) throw new LaconicError(`the connection to ${target.pod} ended before the command did`);
  return exitCodeOf(status, target);
}

/** Receives the container's output and the server's final status of the command. */
class Receiver {
  readonly streams: PodStreams;
  socket: Socket | undefined;
  status: Record<string, unknown> | undefined;
  readerLeft = false;

  constructor(streams: PodStreams) {
    this.streams = streams;
  }

  /** Calls back when an output fails: it then never drains, so that nothing else would end the command. */
  onReaderLeft(end: () => void): void {
    for (const output of [this.streams.stdout, this.streams.stderr]) {
      output?.once('error', () => {
        this.readerLeft = true;
        end();
      });
    }
  }

  /** @returns false if it accepts no more data */
  take(number: number, data: Buffer): boolean {
    const { stdout, stderr } = this.streams;
    if (number === channel.status) {
      this.status = mapOf(JSON.parse(data.toString('utf8')));
      return false;
    }
    const output = number === channel.stdout ? stdout : number === channel.stderr ? stderr : undefined;
    if (output !== undefined && data.length > 0 && !output.write(data)) {
      this.socket?.pause();
      output.once('drain', () => this.socket?.resume());
    }
    return true;
  }
}

async function connect(config: KubeConfig, target: PodCommand, receiver: Receiver): Promise<Socket> {
  const { Exec } = await import('./exec-client.js');
  const { handler } = new Exec(config);
  const opening: Promise<unknown> = handler.connect(pathOf(target, receiver.streams), null, (number, data) =>
    receiver.take(number, data),
  );
  const socket = (await opening.catch((error: unknown) => {
    throw cannotRun(target, error);
  })) as Socket;
  receiver.socket = socket;
  return socket;
}

function pathOf({ namespace, pod, container, command }: PodCommand, streams: PodStreams): string {
  const query = new URLSearchParams({
    container,
    stdin: String(streams.stdin !== undefined),
    stdout: 'true',
    stderr: String(streams.stderr !== undefined),
    tty: String(streams.terminal !== undefined),
  });
  for (const word of command) query.append('command', word);
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/exec?${query.toString()}`;
}

function cannotRun({ pod, container }: PodCommand, error: unknown): LaconicError {
  const { message } = mapOf(error);
  const reason = typeof message === 'string' ? message : String(error);
  const refused = /Unexpected server response: (\d+)/.exec(reason)?.[1];
  const forbidden = refused === '403' ? { hint: 'the account of the kubeconfig may not create pods/exec' } : {};
  return new LaconicError(
    `the command was not run in ${container} of pod ${pod}: ${refused === undefined ? reason : `the API server answered ${refused}`}`,
    { ...forbidden, cause: error },
  );
}

function sendSizes(socket: Socket, terminal: Terminal): () => void {
  const send = (): void => {
    socket.send(framed(channel.size, Buffer.from(JSON.stringify({ Width: terminal.columns, Height: terminal.rows }))));
  };
  send();
  terminal.on('resize', send);
  return () => terminal.off('resize', send);
}

/** Sends stdin as fast as the server accepts it. */
async function sendInput(socket: Socket, stdin: Readable, ended: AbortSignal): Promise<void> {
  let any = false;
  const finish = (): void => {
    stdin.pause();
  };
  ended.addEventListener('abort', finish, { once: true });
  const onData = (data: Buffer | string): void => {
    if (ended.aborted) return;
    any = true;
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    socket.send(framed(channel.stdin, bytes), () => {
      if (socket.bufferedAmount < inFlight && !ended.aborted) stdin.resume();
    });
    if (socket.bufferedAmount >= inFlight) stdin.pause();
  };
  stdin.on('data', onData);
  try {
    await once(stdin, 'end', { signal: ended });
  } catch (error) {
    if (ended.aborted) return;
    throw error;
  } finally {
    stdin.off('data', onData);
    ended.removeEventListener('abort', finish);
  }
  if (socket.protocol === closable) {
    socket.send(Buffer.from([channel.close, channel.stdin]));
  } else if (any) {
    throw new LaconicError('this cluster cannot receive the end of the input: that requires Kubernetes 1.30 or newer');
  }
}

function framed(number: number, data: Buffer): Buffer {
  return Buffer.concat([Buffer.from([number]), data]);
}

/** The exit code in the server's final status of the command. */
function exitCodeOf(status: Record<string, unknown>, { pod, container }: PodCommand): number {
  if (status.status === 'Success') return 0;
  const cause = listOf(mapOf(status.details).causes)
    .map(mapOf)
    .find(({ reason }) => reason === 'ExitCode');
  const code = Number(cause?.message);
  if (Number.isInteger(code)) return code;
  const message = typeof status.message === 'string' ? status.message : 'without a reason';
  const what = `the command was not run in ${container} of pod ${pod}`;
  const why = /unable to start container process: exec: (.*?)(?:: unknown)?$/.exec(message)?.[1];
  if (why !== undefined) throw new CannotStartError(`${what}: ${why}`, why.includes('not found') ? 127 : 126);
  throw new LaconicError(`${what}: ${message}`);
}

/** The container has no such program, or may not run it: the exit codes are those of a shell. */
class CannotStartError extends LaconicError {
  override readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { Context } from '../../../system/context.js';
import { CommandFailedError, errorCode, InterruptedError } from '../../../system/errors.js';
import { commandLine, forEachLine, loadExeca } from '../../../system/process/process.js';
import type { LogsOptions } from '../../deployer.js';
import { parseComposeLine, warnOnce } from '../cli/compose-progress.js';
import { type ComposeProject, composeArguments } from '../cli/project.js';
import { listServices, unknownServices } from '../cli/services.js';

/**
 * Streams the containers' output to stdout as Compose prints it, `<service>-<n>  | ` before each line. Compose's own
 * warnings go to stderr. Memory use is bounded; if the reader closes the pipe (`| head`), it ends silently.
 * @param output the destination; stdout except in tests
 * @throws LaconicError for unknown services; InterruptedError after Ctrl-C; CommandFailedError if Compose fails
 */
export async function streamLogs(
  project: ComposeProject,
  options: LogsOptions,
  context: Context,
  output: NodeJS.WritableStream = process.stdout,
): Promise<void> {
  const services = await listServices(project, context);
  const unknown = options.services.filter((service) => !services.includes(service));
  if (unknown.length > 0) throw unknownServices(unknown, services);
  if (services.length === 0) return;

  const args = [...composeArguments(project), ...logsArguments(options)];
  context.report.verbose(commandLine('docker', args));
  const execa = await loadExeca();
  const child = execa('docker', args, {
    env: project.env,
    extendEnv: false,
    cancelSignal: context.signal,
    stdin: 'ignore',
    reject: false,
    buffer: false,
  });
  const complaints: string[] = [];
  forEachLine(child.stderr, (line) => {
    const parsed = parseComposeLine(line);
    if (parsed.kind === 'warning') warnOnce(context, parsed.text, project.reportedUnset);
    else if (complaints.push(line) > 20) complaints.shift();
  });
  const readerLeft = await pipeline(child.stdout, new LineStartCleaner(), output, { end: false }).then(
    () => false,
    (error: unknown) => {
      child.kill();
      if (errorCode(error) === 'EPIPE') return true;
      if (context.signal.aborted) return false;
      throw error;
    },
  );
  const result = await child;
  if (readerLeft) return;
  if (context.signal.aborted) throw new InterruptedError();
  if (result.exitCode !== 0) {
    throw new CommandFailedError('cannot show the logs', {
      command: result.escapedCommand,
      code: result.exitCode,
      stderr: complaints.join('\n'),
    });
  }
}

function logsArguments({ services, tail, follow, since, until, timestamps }: LogsOptions): string[] {
  return [
    'logs',
    '--no-color',
    ...(tail === undefined ? [] : ['--tail', String(tail)]),
    ...(follow ? ['--follow'] : []),
    ...(since === undefined ? [] : [`--since=${since}`]),
    ...(until === undefined ? [] : [`--until=${until}`]),
    ...(timestamps ? ['--timestamps'] : []),
    ...services,
  ];
}

const clearLine = Buffer.from('\u001b[2K');
const newline = 0x0a;

/**
 * Removes the escape sequence "clear this line" that older versions of Compose print before each line, even into a
 * pipe. Only at the start of a line: the container's own output comes after its name, and is not changed.
 */
export class LineStartCleaner extends Transform {
  /** Bytes of the escape sequence seen since the line start; -1 inside a line. */
  private matched = 0;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: (error: null, data?: Buffer) => void): void {
    const kept: Buffer[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (this.matched >= 0) {
        if (chunk[at] === clearLine[this.matched]) {
          at += 1;
          this.matched = this.matched + 1 === clearLine.length ? 0 : this.matched + 1;
          continue;
        }
        kept.push(clearLine.subarray(0, this.matched));
        this.matched = -1;
      }
      const end = chunk.indexOf(newline, at);
      const next = end === -1 ? chunk.length : end + 1;
      kept.push(chunk.subarray(at, next));
      if (end !== -1) this.matched = 0;
      at = next;
    }
    done(null, Buffer.concat(kept));
  }

  override _flush(done: (error: null, data?: Buffer) => void): void {
    done(null, this.matched > 0 ? clearLine.subarray(0, this.matched) : undefined);
  }
}

import type { ConfigTransfer } from '../stack/parse.js';
import type { Context } from '../system/context.js';
import { InterruptedError, LaconicError } from '../system/errors.js';
import { abortedAfter } from '../system/process/limit.js';
import { pause } from '../system/process/pause.js';
import type { RunResult } from '../system/process/process.js';

/** The containers of a target, between which values are transferred. */
export interface TransferContainers<Container> {
  /** Finds the first running container of a service, or says why there is none, to continue `service "…" `. */
  find(service: string): Promise<{ running: Container } | { why: string; hopeless: boolean }>;
  /**
   * Runs a program in it with this stdin.
   * @throws InterruptedError if `signal` ends it
   */
  exec(
    container: Container,
    command: readonly string[],
    input: string | undefined,
    signal: AbortSignal,
  ): Promise<ScriptResult>;
}

type ScriptResult = Pick<RunResult, 'code' | 'stdout' | 'stderr'>;

export interface TransferLimits {
  /** Time limit of one transfer from its first attempt, in milliseconds. */
  deadline: number;
  /** Delay before the second attempt, in milliseconds; each further delay is half as long again. */
  firstPause: number;
  longestPause: number;
}

/** Five minutes for a chain to come up, with quick attempts first. */
export const defaultLimits: TransferLimits = { deadline: 300_000, firstPause: 250, longestPause: 5_000 };

/** The limits of a start: `--wait-timeout` if it is shorter. */
export function transferLimits({ waitTimeout = Number.POSITIVE_INFINITY }: { waitTimeout?: number }): TransferLimits {
  return { ...defaultLimits, deadline: Math.min(defaultLimits.deadline, waitTimeout * 1_000) };
}

/**
 * Transfers values between running containers, one after another, after a successful start. A dry run only lists them.
 * The value is passed to the import script as its single argument, whatever it contains; it is never part of shell
 * text, of arguments of a program on the host, or of a message.
 * @throws LaconicError for the first transfer that cannot succeed, with the script, its last exit code and its error
 * output
 */
export async function runTransfers<Container>(
  transfers: readonly ConfigTransfer[],
  containers: TransferContainers<Container>,
  context: Context,
  limits: TransferLimits = defaultLimits,
): Promise<void> {
  for (const transfer of transfers) {
    const { service, variable, fromService, fromVariable } = transfer;
    const what = `${service}.${variable} = ${fromService}.${fromVariable}`;
    if (context.options.dryRun) {
      context.report.print(`would set ${what}`);
      continue;
    }
    context.report.verbose(`${service} config: {'${variable}': '${fromService}.${fromVariable}'}`);
    context.report.verbose(`Setting ${what}`);
    await new Attempts({ what: `config transfer ${what}`, containers, context, limits }).carry(transfer);
  }
}

/** Where and how long a transfer is attempted. */
interface Setting<Container> {
  /** Names the transfer in messages. */
  what: string;
  containers: TransferContainers<Container>;
  context: Context;
  limits: TransferLimits;
}

class Attempts<Container> {
  private readonly until: number;
  private pause: number;
  /** The result of the previous attempt, for the message at the deadline. */
  private last: string | undefined;
  private readonly setting: Setting<Container>;

  constructor(setting: Setting<Container>) {
    this.setting = setting;
    this.until = Date.now() + setting.limits.deadline;
    this.pause = setting.limits.firstPause;
  }

  async carry(transfer: ConfigTransfer): Promise<void> {
    const value = await this.exportValue(transfer);
    await this.importValue(transfer, value);
  }

  /** Runs the export script until it exits with 0 and a value, or cannot succeed. */
  private async exportValue({ fromService, fromVariable }: ConfigTransfer): Promise<string> {
    const script = `/docker-entrypoint-scripts.d/export-${fromVariable}.sh`;
    for (;;) {
      const container = await this.runningContainer(fromService);
      const result = await this.exec(container, script, ['sh', script]);
      const value = result.stdout.replace(/\n$/, '');
      if (result.code === 0 && value !== '') {
        // The value may be a node key or a password: error output of the import script must not reveal it.
        this.setting.context.report.conceal([value]);
        return value;
      }
      const outcome = describe(`${script} in service "${fromService}"`, result);
      // A shell exits with 2 if it cannot open its script: mounted files do not appear later.
      if (result.code === 2) throw this.failed(`Fatal error reading config source: ${outcome}`);
      const seen = result.code === 0 ? `${script} in service "${fromService}" printed nothing` : outcome;
      this.setting.context.report.verbose(`Config export script returned an error, re-trying: ${seen}`);
      await this.wait(seen);
    }
  }

  private async importValue({ service, variable }: ConfigTransfer, value: string): Promise<void> {
    const script = `/scripts/import-${variable}.sh`;
    const container = await this.runningContainer(service);
    // The value is passed on stdin, so that no process list of the host shows it; the mark preserves trailing newlines.
    const receive = 'value=$(cat; echo .) && exec sh "$0" "${value%.}"';
    const result = await this.exec(container, script, ['sh', '-c', receive, script], value);
    if (result.code !== 0) throw this.failed(describe(`${script} in service "${service}"`, result));
    this.setting.context.report.debug(result.stdout.trimEnd());
  }

  /** The service's first running container; fails at once if it has stopped or does not exist. */
  private async runningContainer(service: string): Promise<Container> {
    for (;;) {
      const found = await this.setting.containers.find(service);
      if ('running' in found) return found.running;
      const seen = `service "${service}" ${found.why}`;
      if (found.hopeless) throw this.failed(seen);
      await this.wait(seen);
    }
  }

  private async exec(
    container: Container,
    script: string,
    command: readonly string[],
    input?: string,
  ): Promise<ScriptResult> {
    const { containers, context } = this.setting;
    const remaining = abortedAfter(Math.max(1, this.until - Date.now()));
    try {
      return await containers.exec(container, command, input, AbortSignal.any([context.signal, remaining]));
    } catch (error) {
      if (!(error instanceof InterruptedError) || context.signal.aborted) throw error;
      throw this.late(
        this.last === undefined ? `${script} did not finish` : `${this.last}; the next attempt did not finish`,
      );
    }
  }

  /**
   * Waits before the next attempt.
   * @throws LaconicError with `seen` if the deadline comes first
   */
  private async wait(seen: string): Promise<void> {
    if (this.setting.context.signal.aborted) throw new InterruptedError();
    if (Date.now() + this.pause >= this.until) throw this.late(seen);
    this.last = seen;
    await pause(this.pause, this.setting.context.signal);
    this.pause = Math.min(this.pause * 1.5, this.setting.limits.longestPause);
  }

  private late(seen: string): LaconicError {
    return this.failed(`not done within ${Math.round(this.setting.limits.deadline / 1000)} s: ${seen}`);
  }

  private failed(reason: string): LaconicError {
    return new LaconicError(`${this.setting.what}: ${reason}`, {
      hint: 'the containers keep running; `start` tries the transfer again',
    });
  }
}

/** The result of a script: its exit code and the end of its stderr (stdout may contain the value). */
function describe(script: string, { code, stderr }: ScriptResult): string {
  const lastLines = stderr.trim().split('\n').slice(-5).join('\n');
  return `${script} returned with code ${code}${lastLines === '' ? '' : `: ${lastLines}`}`;
}

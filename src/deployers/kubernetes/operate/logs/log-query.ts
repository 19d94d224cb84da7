import { UsageError } from '../../../../system/errors.js';
import type { LogsOptions } from '../../../deployer.js';

/** The query for the API server, and the filters to apply here. */
export interface LogQuery {
  /** Query parameters of the pod's `log`. */
  parameters: Record<string, string>;
  /** Lines from this time on are dropped (milliseconds since the epoch): the API has no end time. */
  until?: number;
  /** Whether the time is shown before each line. */
  timestamps: boolean;
}

/** Converts the options of `logs` to the API's terms. @throws UsageError for an invalid time */
export function logQuery(options: LogsOptions, now: number): LogQuery {
  const previous = options.kubernetes?.previous === true;
  if (previous && options.follow) {
    throw new UsageError('--previous shows a run that has ended: --follow has nothing to wait for');
  }
  const since = options.since === undefined ? undefined : parseTime(options.since, '--since', now);
  const until = options.until === undefined ? undefined : parseTime(options.until, '--until', now);
  const timestamps = options.timestamps || until !== undefined;
  return {
    parameters: {
      ...(options.tail === undefined ? {} : { tailLines: String(options.tail) }),
      ...(since === undefined ? {} : { sinceTime: new Date(since).toISOString() }),
      ...(timestamps ? { timestamps: 'true' } : {}),
      ...(previous ? { previous: 'true' } : {}),
    },
    until,
    timestamps: options.timestamps,
  };
}

const units: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Parses a time (`2026-01-02T13:23:37Z`), seconds since the epoch, or a duration before now (`42m`, `1h30m`) to
 * milliseconds since the epoch.
 * @throws UsageError for anything else
 */
export function parseTime(text: string, option: string, now: number): number {
  if (/^(?:\d+(?:\.\d+)?[smhd])+$/.test(text)) {
    const parts = [...text.matchAll(/(\d+(?:\.\d+)?)([smhd])/g)];
    return now - parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (units[unit ?? ''] ?? 0), 0);
  }
  if (/^\d{9,12}(?:\.\d+)?$/.test(text)) return Number(text) * 1_000;
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) {
    throw new UsageError(`${option}: ${text} is neither a time (2026-01-02T13:23:37Z) nor a duration (42m)`);
  }
  return time;
}

import type { TransferOptions } from '../engine/image-transfer.js';
import type { Reporter } from '../system/report.js';

/**
 * How a pull or a push goes, as the progress of `subject`. Where progress is not drawn, one line each time that the
 * engine begins to try again: it does so for most of a minute.
 */
export function transferProgress(
  subject: string,
  report: Pick<Reporter, 'live' | 'progress' | 'warn'>,
): TransferOptions['onProgress'] {
  let retrying = false;
  return (state, percent) => {
    const retries = state.startsWith('retrying');
    if (report.live) report.progress(subject, percent === undefined || retries ? state : `${state}, ${percent} %`);
    else if (retries && !retrying) report.warn(`${subject}: the registry fails, ${state}`);
    retrying = retries;
  };
}

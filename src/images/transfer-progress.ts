import type { TransferOptions } from '../engine/image-transfer.js';
import type { Reporter } from '../system/report.js';

/**
 * Shows a pull or push as the progress of `subject`. If progress is not drawn live, prints a warning when the engine
 * starts to retry, which takes most of a minute.
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

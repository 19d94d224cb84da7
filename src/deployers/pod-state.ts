import type { PodStatus } from './status.js';

/** Describes a pod that does not run: its phase, and the first reason if a container is in trouble. */
export function podState({ state, reasons: [reason], deletedAt }: PodStatus): string {
  return reason === undefined || deletedAt !== undefined ? state : `${state}, ${reason}`;
}

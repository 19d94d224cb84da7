import type { GitConfig } from './config.js';

/**
 * Limits for stalled http transfers: without them git waits forever. One byte per second is the least that curl can
 * tell from nothing, so that slow transfers continue; a server that packs a large repository may pause, hence five
 * minutes. curl allows as long for a connection.
 */
const limits = { 'http.lowspeedlimit': 'http.lowSpeedLimit=1', 'http.lowspeedtime': 'http.lowSpeedTime=300' } as const;

/** The keys of {@link limits} as `git config --list` prints them. */
export const stallKeys: readonly string[] = Object.keys(limits);

/**
 * Configuration for git's network calls, as `key=value`: limits for stalled transfers that the operator's own
 * configuration does not set. Its settings for single URLs, and GIT_HTTP_LOW_SPEED_LIMIT and _TIME, take precedence
 * anyway.
 */
export function stallSettings({ set }: Pick<GitConfig, 'set'>): string[] {
  return Object.entries(limits).flatMap(([key, setting]) => (set.includes(key) ? [] : [setting]));
}

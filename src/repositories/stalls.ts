import type { GitConfig } from './config.js';

/**
 * What git is told of http transfers in which nothing moves any more: without it git waits for ever. One byte a second
 * is the least that curl can tell from nothing, so that slow transfers go on; a server that packs a large repository
 * sends less at times, which is why it may take five minutes. curl gives a connection as long.
 */
const limits = { 'http.lowspeedlimit': 'http.lowSpeedLimit=1', 'http.lowspeedtime': 'http.lowSpeedTime=300' } as const;

/** The keys of {@link limits} as `git config --list` prints them. */
export const stallKeys: readonly string[] = Object.keys(limits);

/**
 * Configuration for git's calls over the network, `key=value`: a limit for transfers that stall, where the operator's
 * own configuration has none. What that says for a single URL, and GIT_HTTP_LOW_SPEED_LIMIT and _TIME, win over it
 * anyway.
 */
export function stallSettings({ set }: Pick<GitConfig, 'set'>): string[] {
  return Object.entries(limits).flatMap(([key, setting]) => (set.includes(key) ? [] : [setting]));
}

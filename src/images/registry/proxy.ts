/**
 * Finds the proxy for an address by the rules of curl and Docker: HTTPS_PROXY or HTTP_PROXY, unless NO_PROXY names the
 * host. Lower-case names take precedence. localhost is never reached through a proxy.
 * @returns its URL; undefined if there is none
 */
export function proxyFor(url: URL, env: NodeJS.ProcessEnv): string | undefined {
  const value = (name: string): string => (env[name.toLowerCase()] ?? env[name] ?? '').trim();
  const proxy = value(url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  if (proxy === '' || isLocalhost(url.hostname)) return undefined;
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  const excepted = value('NO_PROXY')
    .split(',')
    .map((entry) => entry.trim().toLowerCase());
  if (excepted.some((entry) => entry !== '' && covers(entry, url.hostname.toLowerCase(), port))) return undefined;
  return /^[a-z]+:\/\//i.test(proxy) ? proxy : `http://${proxy}`;
}

/** `example.org` and `.example.org` match the host and its subdomains; `*` matches everything; a port may be added. */
function covers(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  const [, name = entry, onlyPort] = /^(.+):(\d+)$/.exec(entry) ?? [];
  if (onlyPort !== undefined && onlyPort !== port) return false;
  const bare = name.replace(/^\*?\./, '');
  return host === bare || host.endsWith(`.${bare}`);
}

/** Whether a host is this machine: never reached through a proxy, and over plain http if need be. */
export function isLocalhost(hostname: string): boolean {
  return hostname === 'localhost' || /^127(?:\.\d{1,3}){3}$/.test(hostname) || /^\[?::1\]?$/.test(hostname);
}

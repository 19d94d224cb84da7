/**
 * The proxy that the environment wants for an address, as curl and Docker read it: HTTPS_PROXY or HTTP_PROXY, unless
 * NO_PROXY names the host. Names are taken in lower case too, that first. localhost is never asked through a proxy.
 * Pure.
 * @returns its URL; undefined for none
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

/** `example.org` and `.example.org` mean the host and all below it; `*` means everything; a port may be added. */
function covers(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  const [, name = entry, onlyPort] = /^(.+):(\d+)$/.exec(entry) ?? [];
  if (onlyPort !== undefined && onlyPort !== port) return false;
  const bare = name.replace(/^\*?\./, '');
  return host === bare || host.endsWith(`.${bare}`);
}

/** This machine, whatever the name: never asked through a proxy, and over plain http if need be. */
export function isLocalhost(hostname: string): boolean {
  return hostname === 'localhost' || /^127(?:\.\d{1,3}){3}$/.test(hostname) || /^\[?::1\]?$/.test(hostname);
}

import type { RepositorySpec } from './spec.js';
import { remoteUrl } from './spec.js';

/** A rule of git's configuration, `url.<base>.insteadOf = <prefix>`. */
export interface UrlRule {
  base: string;
  prefix: string;
}

/** The normalised location of a URL, to compare different spellings. */
interface Place {
  transport: string;
  host: string;
  port: number | undefined;
  path: string;
}

const defaultPorts: Readonly<Record<string, number>> = { https: 443, http: 80, ssh: 22, git: 9418 };

/** Rewrites a URL as git does: the rule with the longest matching prefix applies. */
export function rewriteUrl(url: string, rules: readonly UrlRule[]): string {
  const fitting = rules.filter(({ prefix }) => prefix !== '' && url.startsWith(prefix));
  const best = fitting.reduce<UrlRule | undefined>(
    (longest, rule) => (longest === undefined || rule.prefix.length > longest.prefix.length ? rule : longest),
    undefined,
  );
  return best === undefined ? url : best.base + url.slice(best.prefix.length);
}

function placeOf(url: string): Place {
  const [, scheme, , authority = '', urlPath = ''] = /^(([a-z][a-z0-9+.-]*)):\/\/([^/]*)(.*)$/i.exec(url) ?? [];
  if (scheme !== undefined) {
    const transport = scheme.toLowerCase().replace(/^(git\+ssh|ssh\+git)$/, 'ssh');
    const [, host = '', port] = /^(.*?)(?::(\d*))?$/.exec(authority.replace(/^.*@/, '')) ?? [];
    const number = port ? Number(port) : defaultPorts[transport];
    return { transport, host: host.toLowerCase(), port: number, path: plainPath(urlPath, transport) };
  }
  const [, host, scpPath = ''] = /^(?:[^/@]*@)?(\[[^\]]*\]|[^/:]+):(.*)$/.exec(url) ?? [];
  if (host === undefined) return { transport: 'file', host: '', port: undefined, path: plainPath(url, 'file') };
  return { transport: 'ssh', host: host.toLowerCase(), port: 22, path: plainPath(scpPath, 'ssh') };
}

/** Hosts ignore case, slashes at the ends and `.git`; file systems do not ignore case. */
function plainPath(path: string, transport: string): string {
  const plain = path.replace(/^\/+|\/+$/g, '').replace(/\/?\.git$/, '');
  return transport === 'file' ? plain : plain.toLowerCase();
}

/** Ports are compared only within one transport: https and ssh of the same host have different ones anyway. */
function isAmong(places: readonly Place[], found: Place): boolean {
  const alike = places.filter(({ transport }) => transport === found.transport);
  return (alike.length > 0 ? alike : places).some(
    ({ host, path, port }) => host === found.host && path === found.path && (alike.length === 0 || port === found.port),
  );
}

/**
 * Whether a working copy with this origin belongs to the repository, regardless of https or ssh, `.git`, and the
 * `insteadOf` rules of git's configuration.
 */
export function isOriginOf(spec: RepositorySpec, origin: string, rules: readonly UrlRule[]): boolean {
  // An explicit port belongs to only one of the transports.
  const wanted = [remoteUrl(spec, false), ...(spec.port === undefined ? [remoteUrl(spec, true)] : [])];
  const places = [...wanted, ...wanted.map((url) => rewriteUrl(url, rules))].map(placeOf);
  return [origin, rewriteUrl(origin, rules)].some((url) => isAmong(places, placeOf(url)));
}

/** The host and port that git connects to by ssh for this URL; undefined for other transports. */
export function sshHostOf(url: string): { host: string; port: number } | undefined {
  const { transport, host, port } = placeOf(url);
  return transport === 'ssh' ? { host, port: port ?? 22 } : undefined;
}

/** Masks passwords and tokens in text such as a URL or a message of git. */
export function withoutCredentials(text: string): string {
  return text.replace(/(https?:\/\/)[^\s/@]*@/gi, '$1***@').replace(/(ssh:\/\/[^\s/@:]*):[^\s/@]*@/gi, '$1:***@');
}

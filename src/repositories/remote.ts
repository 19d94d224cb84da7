import type { RepositorySpec } from './spec.js';
import { remoteUrl } from './spec.js';

/** A rule of git's configuration, `url.<base>.insteadOf = <prefix>`. */
export interface UrlRule {
  base: string;
  prefix: string;
}

/** The place that a URL means, so that two spellings of it can be compared. */
interface Place {
  transport: string;
  host: string;
  port: number | undefined;
  path: string;
}

const defaultPorts: Readonly<Record<string, number>> = { https: 443, http: 80, ssh: 22, git: 9418 };

/** What git makes of a URL: the rule with the longest prefix that fits replaces it. */
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

/** Hosts ignore the case of names, slashes at the ends and `.git`; file systems do not ignore the case. */
function plainPath(path: string, transport: string): string {
  const plain = path.replace(/^\/+|\/+$/g, '').replace(/\/?\.git$/, '');
  return transport === 'file' ? plain : plain.toLowerCase();
}

/** Ports tell servers apart only within one transport: https and ssh of one host have different ones anyway. */
function isAmong(places: readonly Place[], found: Place): boolean {
  const alike = places.filter(({ transport }) => transport === found.transport);
  return (alike.length > 0 ? alike : places).some(
    ({ host, path, port }) => host === found.host && path === found.path && (alike.length === 0 || port === found.port),
  );
}

/**
 * Whether a working copy with this origin is one of the repository: https, ssh and `.git` make no difference, nor do
 * the `insteadOf` rules of git's configuration.
 */
export function isOriginOf(spec: RepositorySpec, origin: string, rules: readonly UrlRule[]): boolean {
  // A port that is written is that of one of both.
  const wanted = [remoteUrl(spec, false), ...(spec.port === undefined ? [remoteUrl(spec, true)] : [])];
  const places = [...wanted, ...wanted.map((url) => rewriteUrl(url, rules))].map(placeOf);
  return [origin, rewriteUrl(origin, rules)].some((url) => isAmong(places, placeOf(url)));
}

/**
 * The host that git will reach by ssh for this URL, with its account and port as ssh takes them; undefined for another
 * transport.
 */
export function sshHostOf(url: string): { host: string; port: number } | undefined {
  const { transport, host, port } = placeOf(url);
  return transport === 'ssh' ? { host, port: port ?? 22 } : undefined;
}

/** Text, such as an URL or git's words, without the passwords and tokens in it. */
export function withoutCredentials(text: string): string {
  return text.replace(/(https?:\/\/)[^\s/@]*@/gi, '$1***@').replace(/(ssh:\/\/[^\s/@:]*):[^\s/@]*@/gi, '$1:***@');
}

import { LaconicError } from '../../system/errors.js';
import { quote } from '../../system/yaml/text.js';
import { refProblem } from './ref.js';

/** How git reaches a repository. */
export type Transport = 'https' | 'http' | 'ssh' | 'git' | 'file';

/**
 * A validated repository of a stack: no part of it can be an option, another transport, or a path out of the base
 * directory.
 */
export interface RepositorySpec {
  /** As written, without `@ref`: the name for `--include`, `--exclude` and `--branches`. */
  readonly entry: string;
  /** Branch, tag or commit after `@`. */
  readonly ref?: string;
  /** Lower case, without a port; empty for `file://`. */
  readonly host: string;
  readonly port?: number;
  /** Path on the host, without leading and trailing slashes: `org/repo`. */
  readonly path: string;
  /** The folder of the working copy in the base directory: the last part of the path without `.git`. */
  readonly name: string;
  /** Undefined for `[host/]org/repo`, where `--git-ssh` decides between https and ssh. */
  readonly transport?: Transport;
  /** The account on the host, if the URL names one. */
  readonly user?: string;
}

const defaultHost = 'github.com';
const maxLength = 500;

const hostPattern = /^(?:[a-z0-9_](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])$/i;
const userPattern = /^[a-z0-9_][a-z0-9._-]*$/i;
const partPattern = /^[a-z0-9._~+][a-z0-9._~+-]*$/i;
/** Not allowed as the folder of a working copy: a shell's home directory, git's own folder, our temporary names. */
const unfitName = /^(?:|\.|\.\.|\.git|~.*|\..*\.tmp)$/;
const transports: readonly string[] = ['https', 'http', 'ssh', 'git', 'file'] satisfies Transport[];

const form = 'expected [host/]org/repo[@ref], or an https, ssh, git or file URL';

/** The parts of a {@link RepositorySpec} before validation. */
interface Parts {
  entry: string;
  ref?: string;
  transport?: Transport;
  authority: string;
  path: string;
}

/**
 * Parses `[host/]org/repo[@ref]`, a URL, or git's own `user@host:path`. The host defaults to github.com.
 * @throws LaconicError with the entry and what is wrong with it
 */
export function parseRepositorySpec(text: string): RepositorySpec {
  const refuse = (why: string): never => {
    throw new LaconicError(`Invalid repository format: ${quote(text)}: ${why}`);
  };
  if (text.length > maxLength) return refuse(`longer than ${maxLength} characters`);
  // No part may contain anything that a terminal, a shell or git would interpret.
  if (!/^[\x21-\x7e]+$/.test(text)) return refuse(`spaces, control and special characters are not allowed; ${form}`);
  if (text.startsWith('-')) return refuse('a leading "-" would be an option of git');
  const parts = splitUrl(text) ?? splitScp(text) ?? splitShort(text);
  if (typeof parts === 'string') return refuse(parts);
  const wrongRef = parts.ref === undefined ? undefined : refProblem(parts.ref);
  if (wrongRef !== undefined) return refuse(wrongRef);
  const authority = parseAuthority(parts.authority, parts.transport);
  if (typeof authority === 'string') return refuse(authority);
  // Only for a URL: in org/repo every slash is between two names.
  const path = parts.transport === undefined ? parts.path : parts.path.replace(/^\/|\/$/g, '');
  const components = path.split('/');
  const unfit = components.find((part) => !partPattern.test(part) || part === '.' || part === '..');
  if (unfit !== undefined) return refuse(`${quote(unfit)} cannot be a part of a path; ${form}`);
  const name = (components.at(-1) ?? '').replace(/\.git$/, '');
  if (unfitName.test(name)) return refuse(`its last part ${quote(components.at(-1) ?? '')} cannot name a folder`);
  return { entry: parts.entry, ref: parts.ref, ...authority, path, name, transport: parts.transport };
}

/** `scheme://[user@]host[:port]/path[@ref]`; undefined for text that is not a URL. */
function splitUrl(text: string): Parts | string | undefined {
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(text) ?? [];
  if (scheme === '') return undefined;
  if (!transports.includes(scheme)) return `${quote(scheme)} is not one of ${transports.join(', ')}`;
  const slash = rest.indexOf('/');
  if (slash < 0) return form;
  const split = splitRef(rest.slice(slash));
  if (typeof split === 'string') return split;
  const { before, ref } = split;
  const authority = rest.slice(0, slash);
  return {
    entry: `${scheme}://${authority}${before}`,
    ...ref,
    transport: scheme as Transport,
    authority,
    path: before,
  };
}

/** `user@host:path[@ref]`; undefined for any other text. */
function splitScp(text: string): Parts | string | undefined {
  const [, authority = '', rest = ''] = /^([^/:@]+@[^/:@]+):(?!:)(.*)$/.exec(text) ?? [];
  if (authority === '') return undefined;
  const split = splitRef(rest);
  if (typeof split === 'string') return split;
  const { before, ref } = split;
  return { entry: `${authority}:${before}`, ...ref, transport: 'ssh', authority, path: before };
}

/** `[host/]org/repo[@ref]`; more parts are a deeper path on the host. */
function splitShort(text: string): Parts | string {
  const split = splitRef(text);
  if (typeof split === 'string') return split;
  const { before, ref } = split;
  const parts = before.split('/');
  if (parts.length < 2) return form;
  const [authority = '', path] =
    parts.length === 2 ? [defaultHost, before] : [parts[0], before.slice((parts[0] ?? '').length + 1)];
  if (parts.length === 2 && before.includes(':')) return form;
  return { entry: before, ...ref, authority, path: path ?? '' };
}

/**
 * The text before and after `@`. An empty ref counts as none; a second `@` is refused, as one ref would silently be
 * lost.
 */
function splitRef(text: string): { before: string; ref: { ref?: string } } | string {
  const [before = '', ref = '', ...more] = text.split('@');
  if (more.length > 0) return 'more than one "@"';
  return { before, ref: ref === '' ? {} : { ref } };
}

function parseAuthority(
  text: string,
  transport: Transport | undefined,
): Pick<RepositorySpec, 'host' | 'port' | 'user'> | string {
  if (transport === 'file') return text === '' || text === 'localhost' ? { host: '' } : 'a file URL has no host';
  const at = text.lastIndexOf('@');
  const user = at < 0 ? undefined : text.slice(0, at);
  if (user?.includes(':') === true) {
    return 'a password in a URL ends up in process lists and in .git/config: use a credential helper of git';
  }
  if (user !== undefined && !userPattern.test(user)) return `${quote(user)} is not a user name`;
  const [, host = '', port] = /^(.*?)(?::(\d+))?$/.exec(text.slice(at + 1)) ?? [];
  if (!hostPattern.test(host) || host.includes('..')) return `${quote(host)} is not a host; ${form}`;
  const number = port === undefined ? undefined : Number(port);
  if (number !== undefined && (number < 1 || number > 65_535)) return `${quote(port ?? '')} is not a port`;
  return { host: host.toLowerCase(), port: number, user };
}

/**
 * The URL for git: https, or ssh with `--git-ssh`; URLs are not changed. A port with ssh needs the URL form:
 * `git@host:2222:org/repo` would mean the path `2222:org/repo`.
 */
export function remoteUrl(spec: RepositorySpec, gitSsh: boolean): string {
  const { host, path, port, transport } = spec;
  if (transport !== undefined) return spec.entry;
  const at = port === undefined ? host : `${host}:${port}`;
  if (!gitSsh) return `https://${at}/${path}`;
  return port === undefined ? `git@${host}:${path}` : `ssh://git@${at}/${path}`;
}

/** The name of a repository in messages: `org/repo`, or the path of a `file://` URL. */
export function shownName(spec: RepositorySpec): string {
  return spec.transport === 'file' ? `/${spec.path}` : spec.path;
}

import { LaconicError } from '../../system/errors.js';
import { run } from '../../system/process/process.js';
import { hostKeyHint } from './explain.js';
import { git, GitFailedError, type GitOptions } from './git.js';
import { sshHostOf } from './remote.js';

/** Seconds after which a host that does not answer counts as unreachable. */
const connectSeconds = 30;

/**
 * An environment in which ssh never prompts, neither for a passphrase nor for an unknown host key. The operator's own
 * ssh command, from GIT_SSH_COMMAND or core.sshCommand, is extended by these options; GIT_SSH and programs other than
 * ssh are not changed.
 */
export function sshEnvironment(env: NodeJS.ProcessEnv, configured: string | undefined): NodeJS.ProcessEnv {
  const command = env.GIT_SSH_COMMAND ?? configured ?? (env.GIT_SSH === undefined ? 'ssh' : undefined);
  if (command === undefined) return env;
  const program = /^\s*(?:'([^']*)'|"([^"]*)"|(\S+))/.exec(command);
  const name = program?.[1] ?? program?.[2] ?? program?.[3] ?? '';
  if (!/(^|\/)ssh$/.test(name)) return env;
  return { ...env, GIT_SSH_COMMAND: `${command} -o BatchMode=yes -o ConnectTimeout=${connectSeconds}` };
}

/** A repository that is reached by ssh; `url` is after git's rewriting. */
export interface SshAccess {
  url: string;
  env: NodeJS.ProcessEnv;
}

/**
 * Tries each host once before anything starts, so that a missing agent or an unknown host key gives one message instead
 * of a hanging prompt. Problems of a single repository are left to its own turn.
 * @returns the problems by host; empty if all hosts accept us
 */
export async function checkSshHosts(
  accesses: readonly SshAccess[],
  folder: string,
  options: GitOptions,
): Promise<Map<string, LaconicError>> {
  const hosts = new Map<string, SshAccess>();
  for (const access of accesses) {
    const key = hostKey(access.url);
    if (key !== undefined && !hosts.has(key)) hosts.set(key, access);
  }
  const problems = new Map<string, LaconicError>();
  await Promise.all(
    [...hosts].map(async ([key, { url, env }]) => {
      try {
        await git(folder, ['ls-remote', '--', url, 'HEAD'], { ...options, env });
      } catch (error) {
        if (!(error instanceof GitFailedError)) throw error;
        const problem = await problemOf(key, error, { ...options, env });
        if (problem !== undefined) problems.set(key, problem);
      }
    }),
  );
  return problems;
}

/** Identifies the server that a URL reaches by ssh: `host`, or `host:port`; undefined for other transports. */
export function hostKey(url: string): string | undefined {
  const at = sshHostOf(url);
  if (at === undefined) return undefined;
  return at.port === 22 ? at.host : `${at.host}:${at.port}`;
}

async function problemOf(host: string, error: GitFailedError, options: GitOptions): Promise<LaconicError | undefined> {
  const { said } = error;
  if (said.includes('REMOTE HOST IDENTIFICATION HAS CHANGED')) {
    return new LaconicError(
      `the host key of ${host} has changed: somebody may be intercepting the connection\n${said}`,
      {
        hint: `compare the fingerprint with the one the host publishes; if they match: ssh-keygen -R ${knownHostsName(host)}`,
        cause: error,
      },
    );
  }
  if (/Host key verification failed|host key is known/.test(said)) {
    return new LaconicError(`the host key of ${host} is unknown`, { hint: hostKeyHint(host), cause: error });
  }
  if (/Permission denied \(|Too many authentication failures/.test(said)) {
    return new LaconicError(`${host} rejects ${await keysText(options)}`, {
      hint: `${await agentHint(options)}; the public key must be registered with ${host}`,
      cause: error,
    });
  }
  if (
    /Could not resolve hostname|Connection (refused|timed out|closed|reset)|No route to host|unreachable/i.test(said)
  ) {
    return new LaconicError(`cannot reach ${host} by ssh: ${said}`, {
      hint: 'is the name right, and can this machine reach it (network, port, firewall)?',
      cause: error,
    });
  }
  if (said.includes('cannot run ssh')) {
    return new LaconicError('ssh is not installed, or not on the PATH', {
      hint: 'install openssh-client',
      cause: error,
    });
  }
  return undefined;
}

function knownHostsName(host: string): string {
  const [, name, port] = /^(.*):(\d+)$/.exec(host) ?? [];
  return name === undefined ? host : `'[${name}]:${port}'`;
}

/** `ssh-add -l` exits with 0 if there are keys, 1 if there are none, 2 if there is no agent. */
async function agentState({ env, signal }: GitOptions): Promise<'keys' | 'no keys' | 'no agent'> {
  if (!env.SSH_AUTH_SOCK) return 'no agent';
  const { code } = await run('ssh-add', ['-l'], { env, signal });
  return code === 0 ? 'keys' : code === 1 ? 'no keys' : 'no agent';
}

async function keysText(options: GitOptions): Promise<string> {
  const texts = {
    keys: 'the keys of the SSH agent',
    'no keys': 'the available keys: the SSH agent holds none',
    'no agent': `the available keys: there is no SSH agent (${options.env.SSH_AUTH_SOCK ? 'the one of SSH_AUTH_SOCK does not answer' : 'SSH_AUTH_SOCK is not set'})`,
  };
  return texts[await agentState(options)];
}

async function agentHint(options: GitOptions): Promise<string> {
  const hints = {
    keys: '"ssh-add -l" lists them, "ssh-add FILE" adds another',
    'no keys': 'add one: ssh-add ~/.ssh/id_ed25519',
    'no agent': 'start one and add a key: eval "$(ssh-agent)" && ssh-add',
  };
  return hints[await agentState(options)];
}

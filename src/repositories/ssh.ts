import { LaconicError } from '../system/errors.js';
import { run } from '../system/process.js';
import { hostKeyHint } from './explain.js';
import { git, GitFailedError, type GitOptions } from './git.js';
import { sshHostOf } from './remote.js';

/** Seconds until a host that does not answer counts as unreachable. */
const connectSeconds = 30;

/**
 * The environment in which ssh never asks: neither for a passphrase nor whether to trust a host. The operator's own
 * command, from GIT_SSH_COMMAND or core.sshCommand, is kept and gets these options too; GIT_SSH and other programs than
 * ssh are left alone.
 */
export function sshEnvironment(env: NodeJS.ProcessEnv, configured: string | undefined): NodeJS.ProcessEnv {
  const command = env.GIT_SSH_COMMAND ?? configured ?? (env.GIT_SSH === undefined ? 'ssh' : undefined);
  if (command === undefined) return env;
  const program = /^\s*(?:'([^']*)'|"([^"]*)"|(\S+))/.exec(command);
  const name = program?.[1] ?? program?.[2] ?? program?.[3] ?? '';
  if (!/(^|\/)ssh$/.test(name)) return env;
  return { ...env, GIT_SSH_COMMAND: `${command} -o BatchMode=yes -o ConnectTimeout=${connectSeconds}` };
}

/** A repository that is reached by ssh: `url` as git reaches it, after its rewriting. */
export interface SshAccess {
  url: string;
  env: NodeJS.ProcessEnv;
}

/**
 * Tries each host once before anything starts, so that a missing agent or an unknown host key is one message and no
 * hanging prompt. What concerns a single repository is left to its own turn.
 * @returns what is wrong, by host; empty when all hosts let us in
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

/** Names the server that a URL reaches by ssh, as ssh does: `host`, or `host:port`; undefined for another transport. */
export function hostKey(url: string): string | undefined {
  const at = sshHostOf(url);
  if (at === undefined) return undefined;
  return at.port === 22 ? at.host : `${at.host}:${at.port}`;
}

async function problemOf(host: string, error: GitFailedError, options: GitOptions): Promise<LaconicError | undefined> {
  const { said } = error;
  if (said.includes('REMOTE HOST IDENTIFICATION HAS CHANGED')) {
    return new LaconicError(
      `the host key of ${host} is not the one that is known: somebody may stand in between\n${said}`,
      {
        hint: `compare fingerprints with what the host publishes; only then: ssh-keygen -R ${knownHostsName(host)}`,
        cause: error,
      },
    );
  }
  if (/Host key verification failed|host key is known/.test(said)) {
    return new LaconicError(`the host key of ${host} is unknown`, { hint: hostKeyHint(host), cause: error });
  }
  if (/Permission denied \(|Too many authentication failures/.test(said)) {
    return new LaconicError(`${host} lets nobody in with ${await keysText(options)}`, {
      hint: `${await agentHint(options)}; the public key has to be known to ${host}`,
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

/** What `ssh-add -l` answers: 0 keys are listed, 1 there are none, 2 there is no agent. */
async function agentState({ env, signal }: GitOptions): Promise<'keys' | 'no keys' | 'no agent'> {
  if (!env.SSH_AUTH_SOCK) return 'no agent';
  const { code } = await run('ssh-add', ['-l'], { env, signal });
  return code === 0 ? 'keys' : code === 1 ? 'no keys' : 'no agent';
}

async function keysText(options: GitOptions): Promise<string> {
  const texts = {
    keys: 'the keys of the SSH agent',
    'no keys': 'the keys at hand: the SSH agent holds none',
    'no agent': `the keys at hand: there is no SSH agent (${options.env.SSH_AUTH_SOCK ? 'the one of SSH_AUTH_SOCK does not answer' : 'SSH_AUTH_SOCK is not set'})`,
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

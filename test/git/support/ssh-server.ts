import { mkdir, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { runOrFail } from '../../../src/system/process/process.js';
import { freePort } from '../../support/ports.js';
import { describeUnless, programFinder } from '../../support/suites.js';
import { type Server, startProgram } from './server.js';

const findProgram = programFinder(
  join(import.meta.dirname, '..', '..', '..', 'scripts', 'sshd.sh'),
  'LACONIC_TEST_NO_SSHD',
);

/** A suite that needs an ssh server. Without one it is skipped with the reason in its name; with `CI=true` it fails. */
export function describeWithSshd(name: string, suite: () => void): void {
  describeUnless(findProgram().reason, { has: 'has an ssh server', needs: 'sshd' }, name, suite);
}

/** An sshd with keys of its own, and what its clients need. */
export interface SshServer extends Server {
  /** The user who may log in: that of the tests. */
  user: string;
  /** The private key that is accepted. */
  key: string;
  /** A key that is rejected. */
  otherKey: string;
  /** The ssh command of a client that trusts the host key and offers only the keys of an agent. */
  command: string;
  /** The same, but without a known host key. */
  strangerCommand: string;
  /** The same, but with another host key. */
  deceivedCommand: string;
  /** Successful logins, according to the log. */
  logins(): number;
}

/** Starts it on a port of localhost; its files are in `folder`. */
export async function startSshServer(folder: string): Promise<SshServer> {
  const program = findProgram();
  if (program.path === undefined) throw new Error(program.reason);
  await mkdir(folder, { recursive: true });
  const file = (name: string): string => join(folder, name);
  for (const name of ['host', 'other-host', 'user', 'other-user']) {
    await runOrFail('a key', 'ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', file(name)]);
  }
  const { stdout: userKey } = await runOrFail('its public part', 'ssh-keygen', ['-y', '-f', file('user')]);
  await writeFile(file('authorized_keys'), userKey, { mode: 0o600 });
  const port = await freePort();
  const config = [
    `ListenAddress 127.0.0.1:${port}`,
    `HostKey ${file('host')}`,
    `AuthorizedKeysFile ${file('authorized_keys')}`,
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
    'PidFile none',
  ];
  await writeFile(file('sshd_config'), `${config.join('\n')}\n`);
  // Root's sshd needs this directory, which packages create at boot.
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  const server = await startProgram(program.path, ['-D', '-e', '-f', file('sshd_config')], {
    ready: /Server listening on/,
    port,
    env: { PATH: process.env.PATH },
  });
  const knownHosts = async (name: string, key: string | undefined): Promise<string> => {
    const line = key === undefined ? '' : (await runOrFail('a host key', 'ssh-keygen', ['-y', '-f', file(key)])).stdout;
    await writeFile(file(`known-${name}`), line === '' ? '' : `[127.0.0.1]:${port} ${line}`);
    const options = [
      `UserKnownHostsFile ${file(`known-${name}`)}`,
      'GlobalKnownHostsFile /dev/null',
      'StrictHostKeyChecking ask',
      `IdentityFile ${file('no-such-key')}`,
    ];
    await writeFile(file(`config-${name}`), `${options.join('\n')}\n`);
    return `ssh -F ${file(`config-${name}`)}`;
  };
  return {
    ...server,
    user: userInfo().username,
    key: file('user'),
    otherKey: file('other-user'),
    command: await knownHosts('friend', 'host'),
    strangerCommand: await knownHosts('stranger', undefined),
    deceivedCommand: await knownHosts('deceived', 'other-host'),
    logins: () => server.log().split('Accepted publickey').length - 1,
  };
}

/** Starts an agent with these keys. @returns the path of its socket */
export async function startAgent(
  folder: string,
  ...keys: string[]
): Promise<{ socket: string; stop(): Promise<void> }> {
  await mkdir(folder, { recursive: true });
  const socket = join(folder, 'agent');
  const agent = await startProgram('ssh-agent', ['-D', '-a', socket], {
    ready: /SSH_AUTH_SOCK=/,
    port: 0,
    env: { PATH: process.env.PATH },
  });
  const env = { PATH: process.env.PATH, SSH_AUTH_SOCK: socket };
  if (keys.length > 0) await runOrFail('a key for the agent', 'ssh-add', ['-q', ...keys], { env });
  return { socket, stop: () => agent.stop() };
}

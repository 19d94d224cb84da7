import { LaconicError } from '../../system/errors.js';
import type { GitFailedError } from './git.js';

/** What the hint of a failure refers to. */
export interface Subject {
  url: string;
  /** The folder git worked in. */
  directory: string;
}

interface Explanation {
  pattern: RegExp;
  hint: (subject: Subject) => string;
}

const hostOf = (url: string): string => /^(?:[a-z+]+:\/\/)?(?:[^@/]*@)?([^/:]+)/i.exec(url)?.[1] ?? url;

const explanations: readonly Explanation[] = [
  {
    pattern: /No space left on device|Disk quota exceeded/,
    hint: ({ directory }) => `free space on the disk of ${directory}; no partial clone is left there`,
  },
  {
    pattern: /unable to (write|create) file/,
    hint: ({ directory }) => `is there free space on the disk of ${directory}, and are you allowed to write there?`,
  },
  {
    pattern: /Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED|host key is known/,
    hint: ({ url }) => hostKeyHint(hostOf(url)),
  },
  {
    pattern: /Permission denied \(|Too many authentication failures/,
    hint: ({ url }) => `${hostOf(url)} accepts none of the offered keys: "ssh-add -l" lists those of the agent`,
  },
  {
    pattern:
      /could not read (Username|Password)|terminal prompts disabled|Authentication failed|returned error: 40[13]/,
    hint: ({ url }) =>
      /^https?:/.test(url)
        ? `the repository is private or does not exist: use --git-ssh with a key, or a credential helper of git for ${hostOf(url)}`
        : 'the repository is private or does not exist',
  },
  {
    pattern:
      /[Rr]epository ['"]?.*['"]? ?not found|does not appear to be a git repository|repository not exported|access denied/,
    hint: ({ url }) =>
      `is ${url} spelt as the host spells it, and are you allowed to read it?${/^https?:/.test(url) ? ' With a key: --git-ssh' : ''}`,
  },
  {
    pattern: /certificate/i,
    hint: () => "the server's certificate is not trusted: for an authority of your own, git config http.sslCAInfo FILE",
  },
  {
    pattern: /Operation too slow/,
    hint: ({ url }) =>
      `${hostOf(url)} stopped sending: try again, or give it longer (git config --global http.lowSpeedTime SECONDS)`,
  },
  {
    pattern:
      /Could not resolve|Connection refused|timed out|connection timeout|No route to host|unreachable|Failed to connect|Connection (closed|reset)|unable to connect/i,
    hint: ({ url }) => `is ${hostOf(url)} right, and can this machine reach it (network, proxy, firewall)?`,
  },
  {
    pattern: /would be overwritten by|local changes/,
    hint: ({ directory }) => `commit or stash the changes in ${directory}; nothing there was changed`,
  },
  {
    pattern: /\.lock'?: File exists|cannot lock ref/,
    hint: ({ directory }) =>
      `another git process is working in ${directory}, or was killed there: see git -C ${directory} status`,
  },
  {
    pattern: /dubious ownership/,
    hint: ({ directory }) => `${directory} belongs to another user`,
  },
  { pattern: /cannot run ssh/, hint: () => 'install the ssh client (openssh-client)' },
];

/** How to trust a host's key without trusting just any server that answers. */
export function hostKeyHint(host: string): string {
  return `connect once by hand (ssh -T git@${host}) and compare the key's fingerprint with the one the host publishes`;
}

/** Explains a failure of git: what was tried, git's message, and a hint. */
export function explainGit(what: string, error: GitFailedError, subject: Subject): LaconicError {
  const found = explanations.find(({ pattern }) => pattern.test(error.said));
  const hint = found?.hint(subject);
  return new LaconicError(`${what}: ${error.message}`, { hint, cause: error });
}

import { dirname } from 'node:path';
import type { SimpleGitOptions } from 'simple-git';
import { InterruptedError, LaconicError } from '../../system/errors.js';
import { kindOf } from '../../system/files/files.js';
import type { SilenceWatch } from '../../system/process/patience.js';
import { commandLine, ProgramMissingError } from '../../system/process/process.js';
import { withoutCredentials } from './remote.js';

/** A git command that failed, with git's message for analysis and for display. */
export class GitFailedError extends LaconicError {
  /** git's message, without credentials and progress lines. */
  readonly said: string;
  readonly command: string;

  constructor(command: string, said: string) {
    super(said === '' ? `\`${command}\` failed without output` : said);
    this.command = command;
    this.said = said;
  }
}

/** The error for a git that exits with 0 without doing its work: a wrapper, or another program of that name. */
export function strangeGit(command: string, what: string): GitFailedError {
  return new GitFailedError(command, `${what}: is the \`git\` on the PATH really git?`);
}

/** How to run git for one repository. */
export interface GitOptions {
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
  /** Configuration for this call only, as `key=value`. */
  settings?: readonly string[] | undefined;
  /** Notified of output from git, so that it can report a server that does not answer. */
  patience?: SilenceWatch | undefined;
  /** Called with each state of git's own progress, such as `Receiving objects:  42%`. */
  onProgress?: ((state: string) => void) | undefined;
}

/** Variables, set by git in its hooks, that would make git work on another repository. */
const ofOneRepository =
  /^GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|COMMON_DIR|PREFIX|NAMESPACE|QUARANTINE_PATH|INTERNAL_\w+)$/;

/**
 * The environment for git: the caller's, in English so that messages can be recognised, never prompting on the terminal
 * (prompts of several repositories at once would be confusing), and never treating a folder as part of a repository
 * above `base`.
 */
export function gitEnvironment(caller: NodeJS.ProcessEnv, base: string): NodeJS.ProcessEnv {
  const own = Object.entries(caller).filter(([name]) => !ofOneRepository.test(name) && name !== 'LANGUAGE');
  return {
    ...Object.fromEntries(own),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_CEILING_DIRECTORIES: [base, dirname(base)].join(':'),
  };
}

/**
 * Runs git in a folder with exactly these arguments and resolves to its stdout. git is killed if a server sends nothing
 * for {@link silenceSeconds}.
 * @throws GitFailedError if it fails; InterruptedError if `signal` stopped it; LaconicError if git is not installed
 */
export async function git(folder: string, args: readonly string[], options: GitOptions): Promise<string> {
  const { simpleGit } = await import('simple-git');
  const { env, signal, settings = [], onProgress, patience } = options;
  if (signal.aborted) throw new InterruptedError();
  // For a missing folder the library would blame its caller, but anybody may have removed it.
  if ((await kindOf(folder)) !== 'directory') {
    throw new GitFailedError(commandLine('git', ['-C', folder, ...args]), `there is no directory ${folder}`);
  }
  const ended = { code: 0, stderr: '' };
  const silence = new Silence(talksToServers.has(args[0] ?? ''));
  const caller = simpleGit({
    baseDir: folder,
    abort: AbortSignal.any([signal, silence.signal]),
    // Specs are validated before; the environment, and the programs it names for ssh and passwords, are the operator's
    // own.
    unsafe: trusted,
    allowEnvironment: Object.keys(env).filter((name) => guarded.test(name)),
    errors: (error, { exitCode, stdErr }) => {
      ended.code = exitCode;
      ended.stderr = Buffer.concat(stdErr).toString('utf8');
      return error;
    },
  }).env(env);
  caller.outputHandler((_command, stdout, stderr) => {
    stdout.on('data', () => silence.broken());
    stderr.on('data', (chunk: Buffer) => {
      silence.broken();
      patience?.heard();
      const state = /([A-Z][\w ]*:\s+\d+%)[^\r\n]*[\r\n]*$/.exec(chunk.toString('utf8'))?.[1];
      if (state !== undefined) onProgress?.(state);
    });
  });
  const answered = patience?.ask();
  try {
    const output = await caller.raw([...settings.flatMap((setting) => ['-c', setting]), ...args]);
    if (ended.code === 0) return output;
  } catch (error) {
    if (signal.aborted) throw new InterruptedError();
    if (ended.code === 0 && !silence.signal.aborted) throw error;
  } finally {
    answered?.();
    silence.over();
  }
  if (signal.aborted) throw new InterruptedError();
  if (silence.signal.aborted) {
    const said = `connection timed out: no data received for ${silenceSeconds} s`;
    throw new GitFailedError(commandLine('git', ['-C', folder, ...args]), said);
  }
  if (ended.stderr.includes('spawn git ENOENT')) throw new ProgramMissingError('git', new Error(ended.stderr));
  throw new GitFailedError(commandLine('git', ['-C', folder, ...args]), plainWords(ended.stderr));
}

/** Commands that talk to a server. They are called with `--progress`, or answer at once. */
const talksToServers: ReadonlySet<string> = new Set(['clone', 'fetch', 'ls-remote', 'pull']);

/** Longer than git's own limit for http, which gives a better message; git:// and ssh have no limit. */
const silenceSeconds = 330;

/** Aborts `signal` when there was no output for too long. */
class Silence {
  readonly #ended = new AbortController();
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(limited: boolean) {
    if (limited) this.#timer = setTimeout(() => this.#ended.abort(), silenceSeconds * 1000);
  }

  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  broken(): void {
    this.#timer?.refresh();
  }

  over(): void {
    clearTimeout(this.#timer);
  }
}

/** Variables that the library passes on only if they are listed. */
const guarded = /^(git_.*|editor|pager|prefix|visual|ssh_askpass)$/i;

/** What the operator's environment may contain; custom server programs and additional protocols stay blocked. */
const trusted: NonNullable<SimpleGitOptions['unsafe']> = {
  allowUnsafeAlias: true,
  allowUnsafeAskPass: true,
  allowUnsafeConfigEnvCount: true,
  allowUnsafeConfigPaths: true,
  allowUnsafeCredentialHelper: true,
  allowUnsafeEditor: true,
  allowUnsafeExec: true,
  allowUnsafeFsMonitor: true,
  allowUnsafeGitProxy: true,
  allowUnsafeHooksPath: true,
  allowUnsafeInclude: true,
  allowUnsafePager: true,
  allowUnsafeSshCommand: true,
  allowUnsafeTemplateDir: true,
  allowUnsafeUrlRewrite: true,
};

/** Lines shown of the beginning and of the end of git's message: a full disk is reported once per file. */
const shownLines = 5;

/** Progress lines and advice of git that do not explain a failure. */
const noise =
  /^(Cloning into |(remote: )?(Enumerating|Counting|Compressing|Receiving|Resolving|Updating|Filtering|Total|Reused|POST|Note: )|hint: |Please make sure you have the correct access rights|and the repository exists\.$|From |warning: Clone succeeded|You can inspect what was|and retry with )/;

/** git's message on stderr: the final state of each line, without progress, advice and credentials. */
function plainWords(stderr: string): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.split('\r').findLast((part) => part.trim() !== '') ?? '')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '' && !noise.test(line));
  const hidden = lines.length - 2 * shownLines;
  const shown =
    hidden <= 1 ? lines : [...lines.slice(0, shownLines), `… and ${hidden} more lines …`, ...lines.slice(-shownLines)];
  return withoutCredentials(shown.join('\n'));
}

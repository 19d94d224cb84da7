import { basename, dirname, join, resolve } from 'node:path';
import { LaconicError } from '../system/errors.js';
import { kindOf } from '../system/files/files.js';
import { repositoryAround } from '../system/files/links.js';
import { isBelow } from '../system/files/path-names.js';
import type { Reporter } from '../system/report.js';
import type { HookSource } from './hooks/contexts.js';
import type { StackLocation } from './locate.js';
import type { PodFile, Stack } from './parse.js';

/** The files of a stack. All paths are absolute. */
export interface StackAssets {
  /**
   * Returns the compose file of a pod.
   * @throws LaconicError that names every place searched
   */
  podFile(pod: PodFile): Promise<string>;
  /** Returns the compose file of a job; undefined if there is none. */
  jobFile(job: string): Promise<string | undefined>;
  /**
   * Returns the configuration directory `config/<name>`. `internal`: an external stack gets it from the installed
   * package, for reading only: volumes are never filled from it.
   */
  configDirectory(name: string): Promise<{ path: string; internal: boolean } | undefined>;
  /** Returns the hook files, in the order of the pods. */
  hookSources(): Promise<HookSource[]>;
  /**
   * Returns the real path of the repository that contains a file of the stack: the git working tree, else the folder
   * that holds `stacks/`.
   */
  repositoryOf(path: string): Promise<string>;
  /** Returns the path of a pre- or post-start command of a pod with a repository. */
  podScript(pod: PodFile, command: string): string;
}

const hookFiles = [
  { name: 'commands.mjs', language: 'javascript' },
  { name: 'commands.js', language: 'javascript' },
  { name: 'commands.py', language: 'python' },
] as const;

/** Possible names of a hook module. */
export const hookFileNames: ReadonlySet<string> = new Set(hookFiles.map(({ name }) => name));

/**
 * Creates the lookup of a stack's files. Those of an external stack are beside its `stacks/` folder; the files of the
 * installed package are only used for what the external stack does not provide.
 */
export function createAssets(
  location: StackLocation,
  stack: Stack,
  from: { packageDirectory: string; repositoryBase: string },
): StackAssets {
  const own = location.external ? dirname(dirname(location.directory)) : from.packageDirectory;
  const roots = own === from.packageDirectory ? [own] : [own, from.packageDirectory];
  const podRoot = (pod: PodFile): string => resolve(from.repositoryBase, basename(pod.repository ?? ''), pod.path);

  const composeCandidates = (folder: string, name: string): string[] =>
    roots.map((root) => join(root, folder, `docker-compose-${name}.yml`));

  const podFile = async (pod: PodFile): Promise<string> => {
    // The same file for init, create and the quick workflow, which used to disagree on the name.
    const candidates =
      pod.repository === undefined
        ? composeCandidates('compose', pod.path)
        : ['docker-compose.yml', `docker-compose-${pod.name}.yml`].map((file) => join(podRoot(pod), file));
    const found = await firstFile(candidates);
    if (found !== undefined) return found;
    throw new LaconicError(`the compose file of pod ${pod.name} is missing: looked for ${candidates.join(' and ')}`, {
      hint:
        pod.repository === undefined
          ? `write one of these files, or remove ${pod.name} from the pods of ${location.file}`
          : await repositoryHint(pod.repository),
    });
  };

  const repositoryHint = async (repository: string): Promise<string> => {
    const copy = join(from.repositoryBase, basename(repository));
    if ((await kindOf(copy)) === 'directory') return `is the working copy ${copy} of ${repository} up to date?`;
    return `clone ${repository} with "laconic-so --stack ${location.reference} setup-repositories", or set CERC_REPO_BASE_DIR to the folder that holds it`;
  };

  /** A pod or job of the external stack itself never gets bundled configuration of the same name. */
  const isOwn = async (name: string): Promise<boolean> => {
    const pod = stack.pods.find((candidate) => candidate.name === name);
    if (pod?.repository !== undefined) return true;
    const files = [
      join(own, 'compose', `docker-compose-${pod?.path ?? name}.yml`),
      join(own, 'compose-jobs', `docker-compose-${name}.yml`),
    ];
    return (await firstFile(files)) !== undefined;
  };

  const configDirectory = async (name: string): Promise<{ path: string; internal: boolean } | undefined> => {
    // Only folders directly in config/: `../config/<name>/…` of a compose file must not lead anywhere else.
    if (['', '.', '..'].includes(name) || name.includes('/')) return undefined;
    const path = join(own, 'config', name);
    if ((await kindOf(path)) === 'directory') return { path, internal: false };
    if (own === from.packageDirectory || (await isOwn(name))) return undefined;
    const bundled = join(from.packageDirectory, 'config', name);
    return (await kindOf(bundled)) === 'directory' ? { path: bundled, internal: true } : undefined;
  };

  const hookSources = async (): Promise<HookSource[]> => {
    const stackHooks = join(location.directory, 'deploy');
    const folders = stack.pods.map((pod) =>
      pod.repository === undefined ? stackHooks : join(podRoot(pod), 'stack', 'deploy'),
    );
    // A stack with only jobs has hooks too.
    const distinct = new Set(folders.length === 0 ? [stackHooks] : folders);
    const sources: HookSource[] = [];
    for (const folder of distinct) {
      const here = [];
      for (const each of hookFiles) if ((await kindOf(join(folder, each.name))) === 'file') here.push(each);
      const [first, ...others] = here;
      if (first === undefined) continue;
      const unused = others.map(({ name }) => name);
      const { name, language } = first;
      sources.push({ file: join(folder, name), language, ...(unused.length > 0 ? { unused } : {}) });
    }
    return sources;
  };

  return {
    podFile,
    jobFile: (job) => firstFile(composeCandidates('compose-jobs', job)),
    configDirectory,
    hookSources,
    repositoryOf: (path) => {
      const folders = [...roots, ...stack.pods.map(podRoot)];
      return repositoryAround(folders.find((folder) => isBelow(path, folder)) ?? dirname(path));
    },
    podScript: (pod, command) => join(podRoot(pod), command),
  };
}

/** Warns of hook files that are ignored, such as `commands.py` beside `commands.mjs`: somebody may rely on them. */
export async function warnAboutUnusedHooks(assets: StackAssets, report: Reporter): Promise<void> {
  for (const { file, unused } of await assets.hookSources()) {
    if (unused !== undefined) {
      report.warn(
        `only the hooks in ${file} are called, not those in ${unused.join(' and ')} beside it: put all into one file`,
      );
    }
  }
}

async function firstFile(candidates: readonly string[]): Promise<string | undefined> {
  for (const candidate of candidates) if ((await kindOf(candidate)) === 'file') return candidate;
  return undefined;
}

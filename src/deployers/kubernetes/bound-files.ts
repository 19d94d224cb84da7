import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join, normalize, posix, resolve } from 'node:path';
import type { GeneratedFile } from '../../deployment/tree.js';
import type { KeyPath } from '../../system/yaml.js';
import { kindOf, secretMode } from '../../system/files.js';
import { expandHome } from '../../system/path-names.js';
import type { Problem } from '../../system/errors.js';
import type { ComposeModel } from '../../compose/model/types.js';
import type { Findings } from './objects/input.js';

/** A path of the host that a compose file names: for a mount, or as the content of a secret or config. */
export interface HostPath {
  /** As the compose file has it. */
  source: string;
  /** Where relative paths start: in the deployment directory, and where the compose file was read. */
  base: string;
  sourceBase: string;
  secret: boolean;
  problem: (message: string) => Problem;
}

/** Where compose files of a kind stand in the deployment directory. */
export interface Bases {
  base: string;
  sourceBase: string;
}

/** Every path of the host in a compose file, each once, those of services and definitions that nothing uses left out. */
export function hostPathsOf(model: ComposeModel, bases: Bases): HostPath[] {
  const found = new Map<string, HostPath>();
  const add = (source: string, secret: boolean, path: KeyPath): void => {
    if (found.has(source)) return;
    found.set(source, { ...bases, source, secret, problem: (message) => model.problem(path, message) });
  };
  for (const service of model.services.values()) {
    service.volumes.forEach(({ type, source }, index) => {
      if (type === 'bind' && source !== undefined) add(source, false, ['services', service.name, 'volumes', index]);
    });
    for (const section of ['secrets', 'configs'] as const) {
      for (const { source: name } of service[section]) {
        const file = model[section].get(name)?.file;
        if (file !== undefined) add(file, section === 'secrets', [section, name, 'file']);
      }
    }
  }
  return [...found.values()];
}

/** The places in the deployment directory where a path of the host may be found, the copy that `create` made first. */
export function placesOf({ source, base }: Pick<HostPath, 'source' | 'base'>): string[] {
  return [
    copyOf(source),
    isAbsolute(source) || source.startsWith('~') ? expandHome(source, homedir()) : join(base, source),
  ];
}

/** Where `create` puts what a compose file names outside of the files that every deployment gets (K-30). */
function copyOf(source: string): string {
  const hash = createHash('sha256').update(posix.normalize(source)).digest('hex').slice(0, 8);
  const name = posix.basename(source).replace(/[^A-Za-z0-9._-]/g, '');
  return `binds/${name === '' || /^\.+$/.test(name) ? 'root' : name}-${hash}`;
}

/**
 * Copies of what compose files name on the host and what is not among the stack's own configuration: the cluster cannot reach it, and
 * the deployment must not change with it (K-30, 01 §11.5).
 * @param provided paths of the files that are generated anyway
 */
export async function copiesOf(
  paths: readonly HostPath[],
  provided: ReadonlySet<string>,
  findings: Findings,
): Promise<GeneratedFile[]> {
  const files = new Map<string, GeneratedFile>();
  for (const path of paths) {
    const { source, base, sourceBase } = path;
    const inside = isAbsolute(source) || source.startsWith('~') ? undefined : normalize(join(base, source));
    if (inside !== undefined && isProvided(inside, provided)) continue;
    const origin = resolve(sourceBase, expandHome(source, homedir()));
    for (const file of await copyFrom(origin, path, inside, findings)) files.set(file.path, file);
  }
  return [...files.values()];
}

function isProvided(path: string, provided: ReadonlySet<string>): boolean {
  const folder = path.endsWith('/') ? path : `${path}/`;
  return provided.has(path) || [...provided].some((file) => file.startsWith(folder));
}

async function copyFrom(
  origin: string,
  { source, secret, problem }: HostPath,
  inside: string | undefined,
  findings: Findings,
): Promise<GeneratedFile[]> {
  const path = copyOf(source);
  const mode = secret ? secretMode : 0o644;
  const kind = await kindOf(origin);
  if (kind === 'file') return [{ path, source: { copyOf: origin }, mode }];
  if (kind === 'directory') {
    const names = (await readdir(origin)).sort();
    const kinds = await Promise.all(names.map(async (name) => kindOf(join(origin, name))));
    const deeper = names.filter((_, index) => kinds[index] !== 'file');
    if (deeper.length === 0) {
      return names.map((name) => ({ path: join(path, name), source: { copyOf: join(origin, name) }, mode }));
    }
    findings.errors.push(
      problem(
        `${source} cannot be given to the cluster: it holds more than files (${deeper.slice(0, 3).join(', ')}); name the folders with the files, or use a volume with a path`,
      ),
    );
  } else if (kind === 'other') {
    findings.errors.push(problem(`${source} is a socket or device of this host: the cluster cannot have it`));
  } else if (inside !== undefined && !inside.startsWith('..')) {
    findings.warnings.push(
      problem(`nothing in the stack provides ${source}: a hook, or you, must put it at ${inside} before the start`),
    );
  } else {
    findings.errors.push(problem(`${source} does not exist on this host (${origin})`));
  }
  return [];
}

import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { isAbsolute, join, normalize, posix, resolve } from 'node:path';
import { type HostPath, hostPathsOf } from '../../../compose/model/host-paths.js';
import type { ComposeModel } from '../../../compose/model/types.js';
import { absentText } from '../../../deployment/compose/compose-project.js';
import { sameContent } from '../../../deployment/compose/files-beside.js';
import { filesBelow, type GeneratedFile } from '../../../deployment/directory/tree.js';
import { errorCode, errorMessage, LaconicError } from '../../../system/errors.js';
import { kindOf, secretMode } from '../../../system/files/files.js';
import { realPlace } from '../../../system/files/links.js';
import { expandHome } from '../../../system/files/path-names.js';
import type { Findings } from '../objects/common/input.js';

/**
 * Returns the places of a path in a compose file: the copy that create made, relative to the deployment directory, else
 * the path itself, relative to `compose/`.
 * @param home for `~`
 */
export function placesOf(source: string, home: string): [copy: string, path: string] {
  const expanded = expandHome(source, home);
  return [copyOf(source), isAbsolute(expanded) ? normalize(expanded) : join('compose', expanded)];
}

/** Where create copies a path of a compose file that is not among the files of every deployment. */
function copyOf(source: string): string {
  const hash = createHash('sha256').update(posix.normalize(source)).digest('hex').slice(0, 8);
  const name = posix.basename(source).replace(/[^A-Za-z0-9._-]/g, '');
  return `binds/${/^\.*$/.test(name) ? 'root' : name}-${hash}`;
}

/** A compose file of the stack, and the directory of its relative paths. */
export interface ModelPlace {
  model: ComposeModel;
  sourceBase: string;
  /** The real path of its repository: a link in there must not lead outside of it. */
  repository: string;
}

export interface Copies {
  files: GeneratedFile[];
  /** Paths that do not exist or cannot be copied, as the findings report. */
  missing: Set<string>;
}

/**
 * Copies what compose files name on the host, apart from the stack's own configuration: the cluster cannot reach it,
 * and the deployment must not change with it.
 * @param provided paths of the files and folders that are generated anyway
 * @param hooks whether create hooks of the stack may still create what is missing
 */
export async function copiesOf(
  models: readonly ModelPlace[],
  provided: ReadonlySet<string>,
  home: string,
  findings: Findings,
  hooks = false,
): Promise<Copies> {
  const copies: Copies = { files: [], missing: new Set() };
  const firsts = new Map<string, { origin: string; model: ComposeModel }>();
  for (const { model, sourceBase, repository } of models) {
    for (const path of hostPathsOf(model)) {
      const { source, at } = path;
      const [, place] = placesOf(source, home);
      if (isProvided(place, provided)) continue;
      const origin = resolve(sourceBase, expandHome(source, home));
      const first = firsts.get(source);
      if (first !== undefined) {
        const same = first.origin === origin || (await readable(() => sameContent(first.origin, origin)));
        if (same !== true) {
          const other = `${source} is ${origin} here, and in ${first.model.file} it is ${first.origin}`;
          const message =
            same === false
              ? `${other}, which has other content: a deployment has one copy for each such path, so rename one of the two`
              : `${other}, and it ${same}`;
          findings.errors.push(model.problem(at, message));
        }
        continue;
      }
      firsts.set(source, { origin, model });
      // A path in a compose file, unlike the target of a link, is the operator's own choice.
      const within = origin.startsWith(`${repository}/`) ? repository : '/';
      const copied = await readable(() => copyFrom(origin, path, within));
      if (Array.isArray(copied)) {
        copies.files.push(...copied);
        continue;
      }
      copies.missing.add(source);
      const inside = !isAbsolute(place) && !place.startsWith('..');
      if (hooks && copied === 'missing' && inside) {
        const message = `nothing in the stack provides ${source}: a hook, or you, must put it at ${place} before the start`;
        findings.warnings.push(model.problem(at, message));
      } else {
        const message = copied === 'missing' ? absentText(path, place) : `${source} ${copied}`;
        findings.errors.push(model.problem(at, message));
      }
    }
  }
  return copies;
}

function isProvided(path: string, provided: ReadonlySet<string>): boolean {
  if (provided.has(path)) return true;
  const folder = path.endsWith('/') ? path : `${path}/`;
  return [...provided].some((file) => file.startsWith(folder));
}

/** Returns what was read, or why it cannot be, such as for another user's file or a link out of the repository. */
async function readable<T>(read: () => Promise<T>): Promise<T | string> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof LaconicError) return `cannot be copied to the cluster: ${error.message}`;
    if (errorCode(error) === undefined) throw error;
    return `cannot be read: ${errorMessage(error)}`;
  }
}

/**
 * Returns the copies, or why there are none.
 * @param within a folder that no link may leave
 * @throws LaconicError for such a link, and for a socket or device in a folder
 */
async function copyFrom(
  origin: string,
  { source, kind: use }: HostPath,
  within: string,
): Promise<GeneratedFile[] | string> {
  const path = copyOf(source);
  const modeOf = async (file: string): Promise<number> =>
    use === 'secret' ? secretMode : (await stat(file)).mode & 0o777;
  const kind = await kindOf(origin);
  if (kind === undefined) return 'missing';
  await realPlace(origin, within);
  if (kind === 'file') return [{ path, source: { copyOf: origin }, mode: await modeOf(origin) }];
  if (kind === 'other') return 'is a socket or device of this host: the cluster cannot use it';
  return (await filesBelow(origin, path, within)).files;
}

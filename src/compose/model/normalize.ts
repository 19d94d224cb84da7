import { InvalidFileError, type Problem } from '../../system/errors.js';
import { byLine, once } from '../../system/yaml/schema.js';
import { type KeyPath, quote, type YamlFile } from '../../system/yaml/yaml.js';
import { checkServices, type Known } from './consistency.js';
import { Cursor, ModelFindings } from './cursor.js';
import { addEnvFile, type EnvFileReference, type Environment, mergeEnvironment } from './service/environment.js';
import { Extensions } from './extends.js';
import { readFileObject, readVolume } from './service/files.js';
import { type ReadService, readService } from './service/service.js';
import { composeTree, interpolatedTexts, type Lookup, problemAt, type Tree } from './tree.js';
import type { ComposeModel, FileObjectModel, ServiceModel, VolumeModel } from './types.js';

export type { EnvFileReference } from './service/environment.js';

export interface ComposeInput {
  /** The compose file, from {@link parseYaml}. */
  readonly yaml: YamlFile;
  /** Values of variables, from config.env and secrets.env. */
  readonly lookup: Lookup;
  /** The file that sets a variable, if known: for messages about values that came from it. */
  readonly origin?: Lookup;
  /** The active profiles; `*` means all. */
  readonly profiles?: readonly string[];
  /**
   * Services in force in the stack's other compose files, which form one project with this one: `depends_on` may name
   * them.
   */
  readonly otherServices?: ReadonlySet<string>;
  /**
   * Names from other files that this one may refer to if Compose itself combines them and follows `include` and
   * `extends`; absent: both are refused if they lead to another file.
   */
  readonly parts?: ProjectParts;
  /** Reads only these services, because services of other files extend them. */
  readonly extended?: ReadonlySet<string>;
}

/** Names that the other files of a project declare. */
export type ProjectParts = Omit<Known, 'services' | 'otherServices'>;

export interface NormalizedCompose {
  readonly model: ComposeModel;
  /** What Compose accepts silently but is hardly meant as written. */
  readonly warnings: readonly Problem[];
}

/** The normal form as far as possible, with all problems. */
export interface CheckedCompose extends NormalizedCompose {
  readonly problems: readonly Problem[];
  /** What Compose refuses only while a variable has no value. */
  readonly unsettled: readonly Problem[];
}

/** A compose file that was read except for its env files. */
export interface ComposeReading {
  /** The env files of services in force, each once, in the order of the file. The caller reads them. */
  readonly envFiles: readonly (EnvFileReference & { readonly at: KeyPath })[];
  /** Both the result and the problems of {@link normalize}. */
  check(envFileTexts: ReadonlyMap<string, string>): CheckedCompose;
  /**
   * Returns the normal form.
   * @param envFileTexts texts of the env files by `path`; a missing one is an error if it is required
   * @throws InvalidFileError with all problems of the compose file and the env files
   */
  normalize(envFileTexts?: ReadonlyMap<string, string>): NormalizedCompose;
}

const topLevelKeys = ['version', 'name', 'include', 'services', 'models', 'networks', 'volumes', 'secrets', 'configs'];

/**
 * Reads a compose file up to its env files, whose paths the caller learns and whose texts it gives to `normalize`. That
 * returns the normal form: every short form expanded, variables resolved, values typed, as in `docker compose config`;
 * null sections count as missing. Reads no files. Never throws; `normalize` does, with every problem: what Compose
 * refuses, and what cannot be followed here (`include`, `extends` of another file).
 */
export function readCompose(input: ComposeInput): ComposeReading {
  const { yaml, lookup, origin, profiles = [], otherServices = new Set(), parts, extended } = input;
  const findings = new ModelFindings(lookup, origin);
  const root = new Cursor(composeTree(yaml, lookup, findings), findings);
  if (extended === undefined && root.checkKeys(topLevelKeys) && parts === undefined) {
    root
      .at('include')
      ?.refuse(
        'is not followed on Kubernetes: write the services into this file, or name the other file among the pods of stack.yml',
      );
  }
  const services = readServices(root, input);
  const inForce = new Map(
    [...services.read].filter(([, service]) => extended !== undefined || isInForce(service, profiles)),
  );
  const volumes = readSection(root, 'volumes', readVolume);
  const secrets = readSection(root, 'secrets', (cursor) => readFileObject(cursor, 'secrets'));
  const configs = readSection(root, 'configs', (cursor) => readFileObject(cursor, 'configs'));
  if (extended === undefined) {
    checkServices(inForce, {
      services: new Set(services.trees.keys()),
      otherServices,
      partial: parts?.partial ?? new Set(),
      volumes: names(root, 'volumes', parts),
      networks: names(root, 'networks', parts).add('default'),
      secrets: names(root, 'secrets', parts),
      configs: names(root, 'configs', parts),
    });
  }

  const references = [...inForce.values()].flatMap((service) =>
    service.envFiles.map(({ reference, cursor }) => ({ ...reference, at: cursor.path })),
  );
  return {
    envFiles: [...new Map(references.map((reference) => [reference.path, reference])).values()],
    check,
    normalize: (envFileTexts = new Map()) => {
      const { problems, unsettled, ...normalized } = check(envFileTexts);
      if (problems.length + unsettled.length > 0) throw new InvalidFileError(byLine([...problems, ...unsettled]));
      return normalized;
    },
  };

  function check(envFileTexts: ReadonlyMap<string, string>): CheckedCompose {
    const problems = [...findings.problems];
    const models = new Map<string, ServiceModel>();
    for (const [name, service] of inForce) {
      const read = withEnvironment(service, lookup, envFileTexts, problems);
      // An optional dependency on a service that is not in force has no effect.
      const known = [...read.depends_on].filter(([other]) => inForce.has(other) || otherServices.has(other));
      models.set(name, { ...read, depends_on: new Map(known) });
    }
    const model: ComposeModel = {
      file: yaml.file,
      services: models,
      volumes,
      secrets,
      configs,
      problem: (path, message) => problemNear(root.tree, services.trees, path, message),
      interpolated: () => [
        ...[...models.keys()].flatMap((name) => interpolatedTexts(services.trees.get(name), ['services', name])),
        ...['volumes', 'networks', 'secrets', 'configs'].flatMap((key) => interpolatedTexts(root.at(key)?.tree, [key])),
      ],
    };
    const warnings = byLine(findings.warnings);
    // A problem in an env file of several services is reported once.
    return { model, warnings, problems: byLine(once(problems)), unsettled: byLine(findings.unsettled) };
  }
}

function readServices(
  root: Cursor,
  { lookup, parts, extended }: ComposeInput,
): { read: Map<string, ReadService>; trees: Map<string, Tree> } {
  const section = root.at('services');
  const written = new Map(section?.entries());
  const extensions = new Extensions(written, parts !== undefined);
  const read = new Map<string, ReadService>();
  const trees = new Map<string, Tree>();
  for (const [name, cursor] of written) {
    if (extended?.has(name) === false) continue;
    const tree = extensions.resolve(name) ?? cursor.tree;
    trees.set(name, tree);
    if (!/^[a-zA-Z0-9._-]+$/.test(name)) cursor.refuse('a service name has letters, digits, dots, - and _ only');
    const service = readService(new Cursor(tree, cursor.findings, name, section), name, lookup);
    if (service !== undefined) read.set(name, service);
  }
  return { read, trees };
}

function isInForce({ model }: ReadService, profiles: readonly string[]): boolean {
  if (model.profiles.length === 0 || profiles.includes('*')) return true;
  return model.profiles.some((profile) => profiles.includes(profile));
}

function readSection<T extends VolumeModel | FileObjectModel>(
  root: Cursor,
  key: string,
  read: (cursor: Cursor) => T | undefined,
): Map<string, T> {
  const found = new Map<string, T>();
  for (const [name, cursor] of root.at(key)?.entries() ?? []) {
    if (!/^[a-zA-Z0-9._-]+$/.test(name)) cursor.refuse('a name has letters, digits, dots, - and _ only');
    const value = read(cursor);
    if (value !== undefined) found.set(name, value);
  }
  return found;
}

/** The names of a section, here and in other parts of the project. A section that is not a map is refused elsewhere. */
function names(
  root: Cursor,
  key: Exclude<keyof ProjectParts, 'partial'>,
  parts: ProjectParts | undefined,
): Set<string> {
  const tree = root.at(key)?.tree;
  return new Set([...(tree?.kind === 'map' ? tree.entries.keys() : []), ...(parts?.[key] ?? [])]);
}

function withEnvironment(
  { model, environment, envFiles }: ReadService,
  lookup: Lookup,
  texts: ReadonlyMap<string, string>,
  problems: Problem[],
): ServiceModel {
  const files: Environment = { values: new Map(), templates: new Map() };
  for (const { reference, cursor } of envFiles) {
    const text = texts.get(reference.path);
    if (text === undefined) {
      if (reference.required) {
        problems.push(problemAt(cursor.tree.place, cursor.path, `the env file ${quote(reference.path)} is missing`));
      }
      continue;
    }
    try {
      addEnvFile(files, reference, text, environment, lookup);
    } catch (error) {
      if (!(error instanceof InvalidFileError)) throw error;
      problems.push(...error.problems);
    }
  }
  const merged = mergeEnvironment(files, environment);
  return {
    ...model,
    environment: merged.values,
    environmentTemplates: merged.templates,
  };
}

/** A problem at a key path, or at its nearest existing parent. */
function problemNear(root: Tree, services: ReadonlyMap<string, Tree>, path: KeyPath, message: string): Problem {
  let tree = root;
  for (const [depth, key] of path.entries()) {
    const next: Tree | undefined =
      depth === 1 && path[0] === 'services'
        ? services.get(String(key))
        : tree.kind === 'map'
          ? tree.entries.get(String(key))
          : tree.kind === 'list'
            ? tree.items[Number(key)]
            : undefined;
    if (next === undefined) break;
    tree = next;
  }
  return problemAt(tree.place, path, message);
}

import { isAbsolute, resolve } from 'node:path';
import { type ComposeFile, servicesInForce } from '../../compose/document/file.js';
import { circlesOf, circleText } from '../../compose/model/circles.js';
import { type HostPath, hostPathsOf } from '../../compose/model/host-paths.js';
import { type ComposeReading, type ProjectParts, readCompose } from '../../compose/model/normalize.js';
import type { ComposeModel, MountModel } from '../../compose/model/types.js';
import type { Problem } from '../../system/errors.js';
import { kindOf } from '../../system/files/files.js';
import { mapOf } from '../../system/plain-map.js';
import { once } from '../../system/yaml/schema.js';
import {
  besideFolders,
  type ComposeFiles,
  placeOf,
  type ReadComposeFile,
  shippedFolders,
  usedServices,
} from './compose-files.js';
import type { ComposeValues } from './compose-values.js';
import type { DeploymentFiles } from '../directory/files.js';

/** A compose file of a deployment, read in the context of its project. */
export interface ProjectFile {
  read: ReadComposeFile;
  reading: ComposeReading;
}

/** Problems with the compose files of a deployment. */
export interface ComposeFaults {
  problems: Problem[];
  /** What Compose refuses only while a variable has no value. */
  unsettled: Problem[];
}

/**
 * Reads the compose files as Compose combines them: those of pods and their includes form one project, each job
 * another. From files that are only extended, just the extended services are read. Empty files are left out.
 * @param images services whose image the spec sets
 */
export function projectFiles(
  { files }: ComposeFiles,
  { lookup, origin, profiles }: ComposeValues,
  images: ReadonlySet<string>,
): ProjectFile[] {
  const used = usedServices(files);
  return files.flatMap((read) => {
    if (read.file.yaml.value === null) return [];
    const with_ = read.role === 'job' ? ['include'] : ['pod', 'include'];
    const others = read.role === 'extends' ? [] : files.filter((each) => each !== read && with_.includes(each.role));
    const reading = readCompose({
      yaml: read.file.yaml,
      lookup,
      origin,
      profiles,
      otherServices: new Set(others.flatMap(({ file }) => servicesInForce(file, profiles))),
      parts: partsOf(
        others.map(({ file }) => file),
        images,
      ),
      ...(read.role === 'extends'
        ? { extended: new Set(used.filter((one) => one.read === read).map(({ service }) => service.name)) }
        : {}),
    });
    return [{ read, reading }];
  });
}

function partsOf(others: readonly ComposeFile[], images: ReadonlySet<string>): ProjectParts {
  const names = (section: string): Set<string> =>
    new Set(others.flatMap((file) => Object.keys(mapOf(mapOf(file.yaml.value)[section]))));
  return {
    partial: new Set([...names('services'), ...images]),
    volumes: names('volumes'),
    networks: names('networks'),
    secrets: names('secrets'),
    configs: names('configs'),
  };
}

/** The normal form of a file as far as possible, without its problems. */
export function modelOf({ reading }: ProjectFile): ComposeModel {
  return reading.check(new Map()).model;
}

/**
 * Finds what Docker Compose will refuse in compose files, and required files that will be missing.
 * @param files the deployment directory
 */
export async function faultsOf(
  { files: composeFiles }: ComposeFiles,
  project: readonly ProjectFile[],
  files: DeploymentFiles,
): Promise<ComposeFaults> {
  const faults: ComposeFaults = {
    problems: projectsOf(composeFiles.map((read) => ({ read }))).flatMap(emptiness),
    unsettled: [],
  };
  const checked: CheckedFile[] = [];
  for (const { read, reading } of project) {
    const texts = new Map<string, string>();
    for (const { path } of reading.envFiles) {
      const place = placeOf(read, path);
      const found = place === undefined || (await files.kind(place)) !== 'file' ? undefined : await files.read(place);
      if (place === undefined) texts.set(path, '');
      if (found !== undefined) texts.set(path, found.toString('utf8'));
    }
    const { model, problems, unsettled } = reading.check(texts);
    faults.problems.push(...problems);
    faults.unsettled.push(...unsettled);
    if (read.role !== 'extends') checked.push({ read, model });
    for (const path of hostPathsOf(model)) {
      const place = path.kind === 'bind' ? undefined : placeOf(read, path.source);
      if (place === undefined || (await files.kind(place)) !== undefined) continue;
      faults.problems.push(model.problem(path.at, absentText(path, place)));
    }
  }
  faults.problems.push(...once(projectsOf(checked).flatMap(circlesAcross)));
  return faults;
}

interface CheckedFile {
  read: ReadComposeFile;
  model: ComposeModel;
}

/** The files that Compose combines: those of all pods, and those of each job, with their includes. */
function projectsOf<T extends { read: ReadComposeFile }>(files: readonly T[]): T[][] {
  const of = (role: ReadComposeFile['role']): T[] => files.filter(({ read }) => read.role === role);
  const included = of('include');
  return [[...of('pod'), ...included], ...of('job').map((job) => [job, ...included])];
}

/** Compose refuses a project whose files are all empty. */
function emptiness(project: readonly { read: ReadComposeFile }[]): Problem[] {
  const [first] = project;
  if (first === undefined) return [];
  const empty = project.every(({ read }) => Object.keys(mapOf(read.file.yaml.value)).length === 0);
  return empty ? [first.read.file.yaml.problem([], 'is empty: services are declared in it, or `services: {}`')] : [];
}

/** Circles of dependencies across several files of a project; those within one file are found when it is read. */
function circlesAcross(files: readonly CheckedFile[]): Problem[] {
  const graph = new Map<string, string[]>();
  for (const { model } of files) {
    for (const [name, { depends_on }] of model.services) {
      graph.set(name, [...(graph.get(name) ?? []), ...depends_on.keys()]);
    }
  }
  return circlesOf(graph).flatMap((circle) => {
    const [name = '', next = ''] = circle;
    const closes = ({ model }: CheckedFile): boolean =>
      circle.slice(1).every((to, at) => model.services.get(circle[at] ?? '')?.depends_on.has(to));
    const found = files.find(({ model }) => model.services.get(name)?.depends_on.has(next));
    if (found === undefined || files.some(closes)) return [];
    const written = mapOf(mapOf(mapOf(found.read.file.yaml.value).services)[name]).depends_on !== undefined;
    const path = ['services', name, ...(written ? ['depends_on'] : [])];
    return [found.model.problem(path, circleText(circle))];
  });
}

/**
 * Finds mounts of paths inside the deployment directory that do not exist, and says what the engine will do.
 * @param files the deployment directory
 */
export async function missingMounts(project: readonly ProjectFile[], files: DeploymentFiles): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const file of project) {
    const { read } = file;
    const model = modelOf(file);
    for (const { source, at, mount } of hostPathsOf(model)) {
      const place = mount === undefined ? undefined : placeOf(read, source);
      if (mount === undefined || place === undefined || !isInside(place)) continue;
      if (place === '.' || (await files.kind(place)) !== undefined) continue;
      const there = (await kindOf(resolve(read.sourceBase, source))) !== undefined;
      problems.push(model.problem(at, missingText(mount, place, there)));
    }
  }
  return problems;
}

function missingText({ source = '', target, options }: MountModel, place: string, there: boolean): string {
  const then = options.includes('create_host_path=false')
    ? 'the service will not start'
    : 'the engine will create an empty directory there';
  if (there && besideFolders.test(place)) {
    return `${source}, mounted at ${target}, is not copied, as the container may write to it: ${then} (mount it read-only, or put it in config/<pod>/)`;
  }
  const advice = shippedFolders.test(place)
    ? `expected in ${place}`
    : 'only compose/ and config/ of the stack are copied';
  return `nothing in the stack provides ${source}, mounted at ${target}: ${then} (${advice})`;
}

function isInside(place: string): boolean {
  return !isAbsolute(place) && !place.startsWith('..');
}

/**
 * The message for a path in a compose file that does not exist.
 * @param place see {@link placeOf}
 */
export function absentText({ kind, source }: HostPath, place: string): string {
  if (isInside(place)) return `${source} does not exist: nothing in the stack provides ${place}`;
  const instead = kind === 'bind' ? 'use a named volume' : 'name another one';
  return `${source} does not exist on this host: create it, or ${instead}`;
}

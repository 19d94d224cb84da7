import type { ServiceChanges } from '../../compose/fingerprint.js';
import { shownCommand } from '../../system/shown-command.js';
import type { DeploymentFiles } from '../directory/files.js';
import type { Deployment } from '../access/open.js';

/** The effect of `--update` or `restart` on a directory. */
export interface UpdateOutcome {
  /** Changed files and directories, without laconic-so's own state; sorted paths relative to the directory. */
  paths: readonly ChangedPath[];
  /** Absent: unknown without the engine. */
  services?: ServiceChanges;
  /** In a dry run: the future deployment, except for changes by its create hooks. */
  after?: PlannedDeployment;
}

/** A deployment with the files of its directory, before they are written. */
export interface PlannedDeployment {
  readonly deployment: Deployment;
  readonly files: DeploymentFiles;
}

export interface ChangedPath {
  path: string;
  change: 'changed' | 'new' | 'removed' | 'permissions';
}

const marks = { changed: '', new: ' (new)', removed: ' (removed)', permissions: ' (permissions)' } as const;

const verbs = {
  changed: 'replace',
  new: 'create',
  removed: 'remove',
  permissions: 'change the permissions of',
} as const;

/** The final message of `deploy init`, with `spec` and `directory` as they would be typed. */
export function initText(spec: string, written: boolean, directory: string): string[] {
  const next = shownCommand(['laconic-so', 'deploy', 'create', '--spec-file', spec, '--deployment-dir', directory]);
  return [
    written ? `${spec} is written: edit it for this deployment` : `nothing changed: ${spec} already has this content`,
    `next: ${next}`,
  ];
}

/** The final message of `deploy create`. */
export function createText(made: {
  directory: string;
  specFile: string;
  stack: string;
  stackDirectory: string;
  /** Images that the stack builds itself. */
  images: readonly string[];
}): string[] {
  const images =
    made.images.length === 0
      ? []
      : [
          `it needs the images ${made.images.map((image) => `${image}:local`).join(', ')}; if they are missing: ${shownCommand(['laconic-so', '--stack', made.stack, 'build-containers'])}`,
        ];
  return [
    `${made.directory} is created from ${made.specFile} and the stack in ${made.stackDirectory}`,
    ...images,
    nextStart(made.directory),
  ];
}

/** The message of an update that no start follows. */
export function updateText(directory: string, outcome: UpdateOutcome): string[] {
  return [...changesText(directory, outcome), ...(outcome.paths.length === 0 ? [] : [nextStart(directory)])];
}

/** Describes what changed in a directory. */
export function changesText(directory: string, { paths, services }: UpdateOutcome): string[] {
  if (paths.length === 0) return [`nothing changed in ${directory}`];
  return [
    `changed in ${directory}:`,
    ...paths.map(({ path, change }) => `  ${path}${marks[change]}`),
    ...(services === undefined ? [] : [servicesText(services)]),
  ];
}

/** Describes what an update would write, one line per path, and what the next start would do. */
export function updatePreview({ edited }: { edited: readonly string[] }, { paths, services }: UpdateOutcome): string[] {
  if (paths.length === 0) return ['nothing to change'];
  const lines = paths.map(({ path, change }) => {
    return `would ${verbs[change]} ${path}${edited.includes(path) ? ' (edited in this directory)' : ''}`;
  });
  return [...lines, ...(services === undefined ? [] : [servicesText(services)])];
}

function servicesText({ recreated, added, removed }: ServiceChanges): string {
  const parts = [
    ...(recreated.length > 0 ? [`recreates ${recreated.join(', ')}`] : []),
    ...(added.length > 0 ? [`adds ${added.join(', ')}`] : []),
    ...(removed.length > 0 ? [`removes ${removed.join(', ')}`] : []),
  ];
  return parts.length === 0 ? 'no service is recreated for this' : `the next start ${parts.join('; ')}`;
}

function nextStart(directory: string): string {
  return `next: ${shownCommand(['laconic-so', 'deployment', '--dir', directory, 'start'])}`;
}

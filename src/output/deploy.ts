import type { Prepared } from '../deployment/create/prepare.js';
import type { CreateOrUpdateOptions } from '../deployment/create-or-update.js';
import type { InitOutcome } from '../deployment/init.js';
import type { PlannedUpdate, UpdateOutcome } from '../deployment/update/outcome.js';
import type { Reporter } from '../system/report.js';
import { shownCommand } from '../system/shown-command.js';

const marks = { changed: '', new: ' (new)', removed: ' (removed)', permissions: ' (permissions)' } as const;

const verbs = {
  changed: 'replace',
  new: 'create',
  removed: 'remove',
  permissions: 'change the permissions of',
} as const;

/** The final message of `deploy init`, with `spec` as it was typed. */
export function initText(spec: string, { written, directory }: InitOutcome): string[] {
  const next = shownCommand(['laconic-so', 'deploy', 'create', '--spec-file', spec, '--deployment-dir', directory]);
  return [
    written ? `${spec} is written: edit it for this deployment` : `nothing changed: ${spec} already has this content`,
    `next: ${next}`,
  ];
}

/**
 * Shows the result of `deploy create`, with the directory and the spec file as they were typed; in a dry run with
 * `--update`, what would change.
 */
export function showCreate(
  { deploymentDir, specFile }: Pick<CreateOrUpdateOptions, 'deploymentDir' | 'specFile'>,
  outcome: Prepared | UpdateOutcome,
  report: Reporter,
): void {
  if ('paths' in outcome) showChanges(deploymentDir, outcome, report);
  else for (const line of createText(deploymentDir, specFile, outcome)) report.info(line);
  const next = shownCommand(['laconic-so', 'deployment', '--dir', deploymentDir, 'start']);
  const unchanged = 'paths' in outcome && (outcome.planned !== undefined || outcome.paths.length === 0);
  if (!unchanged) report.info(`next: ${next}`);
}

function createText(directory: string, specFile: string, { stack, spec, location }: Prepared): string[] {
  const images = stack.containers.map((image) => `${image}:local`).join(', ');
  const build = shownCommand(['laconic-so', '--stack', spec.stack, 'build-containers']);
  return [
    `${directory} is created from ${specFile} and the stack in ${location.directory}`,
    ...(images === '' ? [] : [`it needs the images ${images}; if they are missing: ${build}`]),
  ];
}

/** Shows what changed in a directory and what the next start will do; in a dry run, what would change as a result. */
export function showChanges(directory: string, outcome: UpdateOutcome, report: Reporter): void {
  if (outcome.planned === undefined) for (const line of changesText(directory, outcome)) report.info(line);
  else for (const line of previewText(outcome, outcome.planned)) report.print(line);
}

function changesText(directory: string, { paths, services }: UpdateOutcome): string[] {
  if (paths.length === 0) return [`nothing changed in ${directory}`];
  return [
    `changed in ${directory}:`,
    ...paths.map(({ path, change }) => `  ${path}${marks[change]}`),
    ...(services === undefined ? [] : [servicesText(services)]),
  ];
}

function previewText({ paths, services }: UpdateOutcome, { edited, hooks }: PlannedUpdate): string[] {
  const lines = paths.map(({ path, change }) => {
    return `would ${verbs[change]} ${path}${edited.includes(path) ? ' (edited in this directory)' : ''}`;
  });
  return [
    ...(paths.length === 0 ? ['nothing to change'] : lines),
    ...(paths.length === 0 || services === undefined ? [] : [servicesText(services)]),
    ...hooks.map((hook) => `would call ${hook}`),
    ...(hooks.length === 0 ? [] : ['what hooks change is not in the plan']),
  ];
}

function servicesText({ recreated, added, removed }: NonNullable<UpdateOutcome['services']>): string {
  const parts = [
    ...(recreated.length > 0 ? [`recreates ${recreated.join(', ')}`] : []),
    ...(added.length > 0 ? [`adds ${added.join(', ')}`] : []),
    ...(removed.length > 0 ? [`removes ${removed.join(', ')}`] : []),
  ];
  return parts.length === 0 ? 'no service needs to be recreated' : `the next start ${parts.join('; ')}`;
}

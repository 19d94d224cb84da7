import { commandLine } from '../../../system/process/process.js';
import type { PlannedChanges } from '../../deployer.js';
import { keptTexts, reasonText } from '../start/plan-text.js';
import type { Kept, StartPlan } from '../start/plan-recreation.js';
import { pendingOf, type StartPreview } from './start.js';
import type { ComposeProject } from '../cli/project.js';

/** `project name`, or `services web, db of project name`. */
export function subjectText(services: readonly string[], { name }: Pick<ComposeProject, 'name'>): string {
  return `${services.length > 0 ? `services ${services.join(', ')} of ` : ''}project ${name}`;
}

/** Describes what new values would do to running services if it is not known which ones run. */
export function environmentLines(silence: string, planned: PlannedChanges | undefined): string[] {
  return [
    `from the files alone: ${silence}`,
    ...(planned === undefined ? ['would recreate the running services that are affected'] : []),
    ...pendingOf(planned).flatMap(({ recreated, why }) =>
      recreated === 'all' ? [] : [`would recreate ${recreated.join(', ')}, if it runs: ${reasonText(why)}`],
    ),
  ];
}

/** Describes what a start would do: each service with the reason, then the commands. */
export function startPreviewLines(preview: StartPreview): string[] {
  const { project, named, plan, services, silence, moved, removed, commands } = preview;
  const details = [
    ...(silence === undefined ? [] : [`from the files alone: ${silence}`]),
    ...(services === undefined ? [] : [`services: ${services.join(', ')}`]),
    ...moved.map(
      ({ volume }) => `recreate volume ${volume.name}: the content of ${volume.options.device ?? 'it'} is kept`,
    ),
    ...removed.map(({ name, why }) => `remove container ${name}: ${why}`),
    ...(plan === undefined ? [] : planLines(plan)),
  ];
  return [
    `would start ${subjectText(named, project)}: ${project.files.join(', ')}`,
    ...details.map((line) => `  ${line}`),
    ...commands.map((words) => `would run ${commandLine('docker', words)}`),
  ];
}

/** A line for each service that is changed, in order, then one for each reason not to change others. */
function planLines({ steps, kept }: StartPlan): string[] {
  const touched = [...steps].sort(([a], [b]) => (a < b ? -1 : 1));
  const byReason = new Map<Kept, string[]>();
  for (const [name, why] of kept) byReason.set(why, [...(byReason.get(why) ?? []), name]);
  return [
    ...touched.map(([name, { action, why }]) => {
      const decides = action === 'check' ? '; docker compose decides' : '';
      return `${action} ${name}: ${reasonText(why)}${decides}`;
    }),
    ...[...byReason].map(([why, names]) => `leave ${names.sort().join(', ')}: ${keptTexts[why]}`),
  ];
}

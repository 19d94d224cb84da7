import type { Engine } from '../../../engine/connect.js';
import { type ContainerDetails, inspectContainer, lastLogLines } from '../../../engine/containers.js';
import { explainEach, logLines } from '../../readiness/explanation.js';
import type { ObservedContainer } from '../resources/observe.js';

/** A service that is not ready, and its observed state. */
export interface NotReady {
  service: string;
  state: string;
  /** Absent when the service has no container. */
  observed: ObservedContainer | undefined;
}

/** Explains why services are not ready: state, last health check and end of the log per container. */
export async function explainContainers(engine: Engine, causes: readonly NotReady[]): Promise<string> {
  return explainEach(causes, ({ service, state, observed }) => {
    if (observed === undefined) return { head: `${service}: ${state}`, details: async () => [] };
    const details = async (): Promise<string[]> => {
      // A repeated failure of a health check does not change the state and is not an event: inspect again.
      const now = (await inspectContainer(engine, observed.container.id)) ?? observed.details;
      return [...lastHealthCheck(now), ...(await endOfLog(engine, now))];
    };
    return { head: `${service}: ${state} (container ${observed.container.name})`, details };
  });
}

function lastHealthCheck({ State }: ContainerDetails): string[] {
  const health = State.Health;
  const last = health?.Log.at(-1);
  if (last === undefined || health?.Status === 'healthy') return [];
  const output = last.Output.trim();
  return [
    `  last health check, exit code ${last.ExitCode}: ${output === '' ? 'no output' : indent(output).trimStart()}`,
  ];
}

async function endOfLog(engine: Engine, details: ContainerDetails): Promise<string[]> {
  // Some log drivers cannot be read; the state must be shown all the same.
  const lines = await lastLogLines(engine, details, logLines).catch(() => []);
  return lines.length === 0 ? ['  it wrote no log'] : ['  end of its log:', ...lines.map(indent)];
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}

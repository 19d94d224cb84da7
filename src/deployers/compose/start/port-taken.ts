import { dirname, join } from 'node:path';
import { type ComposePort, parsePort, publishes } from '../../../compose/syntax/ports.js';
import type { Engine } from '../../../engine/connect.js';
import { composeLabels, listContainersAt, type ProjectContainer } from '../../../engine/containers.js';
import type { Spec } from '../../../spec/model.js';
import { formatProblem, LaconicError } from '../../../system/errors.js';
import { kindOf } from '../../../system/files/files.js';
import { formatAddress } from '../../../system/address.js';
import type { ObservedContainer } from '../resources/observe.js';
import { placeInFiles } from '../project/setting-place.js';
import type { ComposeProject } from '../cli/project.js';

/** A host port that the engine could not open for a container. */
export interface PortFailure {
  ip: string;
  port: number;
  /** Absent if the engine does not report it. */
  protocol: string | undefined;
  why: 'taken' | 'no such address' | 'forbidden';
}

const reasons: readonly (readonly [RegExp, PortFailure['why']])[] = [
  [/port is already allocated|address already in use/, 'taken'],
  [/cannot assign requested address/, 'no such address'],
  [/bind: permission denied|cannot expose privileged port/, 'forbidden'],
];

// `listen tcp4 127.0.0.1:80`, `Bind for 0.0.0.0:80`, `bind host port for 0.0.0.0:80:172.18.0.2:80/tcp`, `bind host port
// 0.0.0.0:80/tcp`.
const address =
  /(?:listen (?<family>tcp|udp|sctp)[46]?|Bind for|bind (?:host )?port(?: for)?) (?<ip>\[[^\]]+\]|[\d.]+):(?<port>\d+)(?:\S*\/(?<protocol>tcp|udp|sctp))?/;
const privileged = /cannot expose privileged port (?<port>\d+)/;

/** Parses an error message of the engine (Docker 20 to 28); undefined if it is not about a port. */
export function parsePortFailure(words: string): PortFailure | undefined {
  const why = reasons.find(([pattern]) => pattern.test(words))?.[1];
  const found = (address.exec(words) ?? privileged.exec(words))?.groups;
  if (why === undefined || found?.port === undefined) return undefined;
  const ip = (found.ip ?? '0.0.0.0').replace(/^\[(.*)\]$/, '$1');
  return { ip, port: Number(found.port), protocol: found.protocol ?? found.family, why };
}

/** The input of {@link explainPorts}. */
export interface PortQuestion {
  project: ComposeProject;
  /** Absent for a stack that runs in place. */
  spec: Spec | undefined;
  engine: Engine;
  /** The project's containers after the failure. */
  containers: readonly ObservedContainer[];
  /** Compose's output; undefined if it went to the terminal. */
  words: string | undefined;
}

/**
 * Explains why containers could not get their host ports: the service, the port, where it is set, who uses it, and what
 * to do. Undefined if no container failed because of a port.
 */
export async function explainPorts(question: PortQuestion): Promise<LaconicError | undefined> {
  const explained = await Promise.all(question.containers.map((one) => explainContainer(one, question)));
  const failures = explained.filter((one) => one !== undefined);
  if (failures.length === 0) return undefined;
  const hints = [...new Set(failures.flatMap(({ hints: some }) => some))];
  return new LaconicError(failures.map(({ text }) => text).join('\n'), {
    hint: [...hints, 'then start again: the other services are already running'].join('\n'),
  });
}

async function explainContainer(
  { container, details }: ObservedContainer,
  { project, spec, engine, words }: PortQuestion,
): Promise<{ text: string; hints: string[] } | undefined> {
  const { Error: message, Running: running } = details.State;
  const failure = running ? undefined : parsePortFailure(message);
  if (failure === undefined) return undefined;
  const protocol = failure.protocol ?? protocolOf(failure.port, details.HostConfig.PortBindings as PortBindings);
  const holders = failure.why === 'taken' ? await listContainersAt(engine, failure.port, protocol) : [];
  // An error of an earlier start is only relevant while the port is in use.
  if (words !== undefined && !words.includes(message) && holders.length === 0) return undefined;
  const { service } = container;
  const shown = `${formatAddress(failure)}/${protocol}`;
  const place = await placeOfPort({ ...failure, protocol }, service, project, spec);
  const problem = `service ${service}: ${whatIsWrong(shown, failure.why, holders, project)}`;
  return {
    text: place === undefined ? problem : `${problem}\n  set at ${place}`,
    hints: [howToChange(service, spec), ...(await howToFree({ ...failure, protocol }, holders))],
  };
}

type PortBindings = Readonly<Record<string, readonly { HostPort: string }[] | null>> | null | undefined;

function protocolOf(port: number, bindings: PortBindings): string {
  const bound = Object.entries(bindings ?? {}).find(([, hosts]) =>
    hosts?.some((host) => Number(host.HostPort) === port),
  );
  return bound?.[0].split('/')[1] ?? 'tcp';
}

function whatIsWrong(
  port: string,
  why: PortFailure['why'],
  holders: readonly ProjectContainer[],
  project: ComposeProject,
): string {
  if (why === 'no such address') return `host port ${port}: this host has no such address`;
  if (why === 'forbidden') return `host port ${port}: the engine is not allowed to open ports below 1024`;
  if (holders.length === 0) return `host port ${port} is taken by a program outside of this engine's containers`;
  return `host port ${port} is taken by ${holders.map((holder) => nameHolder(holder, project)).join(' and ')}`;
}

function nameHolder({ name, service, labels }: ProjectContainer, project: ComposeProject): string {
  const owner = labels[composeLabels.project];
  if (owner === undefined) return `container ${name}`;
  if (owner === project.name) return `service ${service} of this deployment (container ${name})`;
  const directory = labels[composeLabels.workingDirectory];
  return `container ${name} (project ${owner}${directory === undefined ? '' : ` in ${directory}`})`;
}

async function placeOfPort(
  failure: { port: number; protocol: string },
  service: string,
  project: ComposeProject,
  spec: Spec | undefined,
): Promise<string | undefined> {
  const inSpec = (spec?.ports.get(service) ?? []).map((text) => parsePort(text));
  const at = indexOfPort(inSpec, failure);
  if (spec !== undefined && at !== undefined) {
    const value = inSpec[at]?.raw ?? '';
    return formatProblem(spec.yaml.problem(['network', 'ports', service, at], value));
  }
  return placeInFiles(project, service, ({ ports }) => {
    const index = indexOfPort(ports, failure);
    return index === undefined ? undefined : { key: ['ports', index], value: ports[index]?.raw ?? '' };
  });
}

/** The entry that publishes this host port; else the only one whose host port comes from the environment. */
function indexOfPort(
  ports: readonly (ComposePort | undefined)[],
  { port, protocol }: { port: number; protocol: string },
): number | undefined {
  const exact = ports.findIndex((one) => one?.protocol === protocol && publishes(one, port));
  if (exact >= 0) return exact;
  const open = ports.flatMap((one, index) => (one?.raw.includes('$') === true ? [index] : []));
  return open.length === 1 ? open[0] : undefined;
}

function howToChange(service: string, spec: Spec | undefined): string {
  if (spec === undefined) return `publish ${service} on another host port in its compose file`;
  const directory = dirname(spec.yaml.file);
  return `set another host port under network.ports.${service} in ${spec.yaml.file}, and update the deployment: laconic-so deploy create --update --spec-file ${spec.yaml.file} --deployment-dir ${directory}`;
}

async function howToFree(
  { port, protocol, why }: { port: number; protocol: string; why: PortFailure['why'] },
  holders: readonly ProjectContainer[],
): Promise<string[]> {
  if (why !== 'taken') return [];
  if (holders.length === 0) {
    const kind = protocol === 'udp' ? 'u' : protocol === 'sctp' ? 'S' : 't';
    return [`or end that program: sudo ss -ln${kind}p 'sport = :${port}' shows it`];
  }
  return Promise.all(
    holders.map(async ({ name, labels }) => {
      const directory = dirname(labels[composeLabels.workingDirectory] ?? '');
      const isDeployment = (await kindOf(join(directory, 'deployment.yml'))) === 'file';
      return isDeployment
        ? `or stop the deployment that uses it: laconic-so deployment --dir ${directory} stop`
        : `or stop the container that uses it: docker stop ${name}`;
    }),
  );
}

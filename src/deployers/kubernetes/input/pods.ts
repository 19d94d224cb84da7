import type { ComposeModel, ServiceModel } from '../../../compose/model/types.js';
import type { Problem } from '../../../system/errors.js';
import type { PodFileInput } from '../objects/common/input.js';
import { type SharedPort, sharedPorts } from '../objects/network/shared-ports.js';
import { endingServices } from '../objects/workloads/container-roles.js';

/** What the compose files of `pods` become. */
export interface Pods {
  podFiles: PodFileInput[];
  /** Those that run to their end. */
  oneShots: PodFileInput[];
  /** What is different from Docker Compose. */
  warnings: Problem[];
}

/**
 * Returns the pods that compose files become: one for each file, as its services then find each other at localhost as
 * well. A file whose services listen on the same port cannot be one pod, since containers of a pod share its ports: it
 * becomes a pod for each service, with a warning. Those that only make sense together stay in one pod, such as a
 * service and the one that it waits for to complete. Pods whose services all run to their end are Jobs.
 * @param split `clashing` for the files that cannot be one pod; `all` for every file; `none` for a directory whose
 * Deployments may run already: every file is one
 */
export function podsOf(files: readonly PodFileInput[], split: 'none' | 'clashing' | 'all'): Pods {
  if (split === 'none') return { podFiles: [...files], oneShots: [], warnings: [] };
  const warnings: Problem[] = [];
  const pods = files.flatMap((podFile) => {
    if (split === 'all') return dividedPods(podFile);
    const clash = clashOf(podFile);
    if (clash === undefined) return [podFile];
    const { service, index, port, owner } = clash;
    const message = `${owner} listens on ${port} too, and containers of a pod share their ports: each service of this file becomes a pod of its own; they find each other by name, not at localhost`;
    warnings.push(podFile.model.problem(['services', service.name, 'ports', index], message));
    return dividedPods(podFile);
  });
  const oneShots = pods.filter((podFile) => runsToEnd(podFile, pods));
  return {
    podFiles: pods.filter((podFile) => !oneShots.includes(podFile)),
    oneShots: oneShots.map((podFile) => ({ ...podFile, oneShot: true })),
    warnings,
  };
}

/** Whether other pods wait for each service of a pod to complete. */
function runsToEnd(podFile: PodFileInput, all: readonly PodFileInput[]): boolean {
  const services = [...podFile.model.services.keys()];
  const others = all.filter((other) => other !== podFile).flatMap(({ model }) => [...model.services.values()]);
  const isAwaited = (name: string): boolean =>
    others.some(({ depends_on: names }) => names.get(name)?.condition === 'service_completed_successfully');
  return services.length > 0 && services.every(isAwaited);
}

/** Services that end before the others start free their ports. */
function clashOf({ model }: PodFileInput): SharedPort | undefined {
  const services = [...model.services.values()];
  const ending = endingServices(services);
  return sharedPorts(services.filter(({ name }) => !ending.has(name)))[0];
}

function dividedPods(podFile: PodFileInput): PodFileInput[] {
  const { name, model } = podFile;
  const services = [...model.services.values()];
  const ending = endingServices(services);
  const pods = connected(services, (one, other) => belongsTo(one, other, ending) || belongsTo(other, one, ending));
  if (pods.length < 2) return [podFile];
  const nodes = connected(pods, shareVolumes);
  return pods.map((group) => {
    const [main = group[0]] = group.filter((service) => !ending.has(service.name));
    const node = nodes.find((sharing) => sharing.includes(group)) ?? [];
    return {
      ...podFile,
      name: `${name}-${main?.name ?? ''}`,
      model: modelOf(model, group),
      ...(node.length > 1 ? { nodeGroup: `${name}-${node[0]?.[0]?.name ?? ''}` } : {}),
    };
  });
}

/** Whether a service uses namespaces of another one, or waits for it to complete. */
function belongsTo(one: ServiceModel, { name }: ServiceModel, ending: ReadonlySet<string>): boolean {
  const modes = [`service:${name}`, `container:${name}`];
  if ([one.network_mode, one.pid, one.ipc].some((mode) => mode !== undefined && modes.includes(mode))) return true;
  return ending.has(name) && one.depends_on.has(name);
}

/** A claim can be mounted by several pods of one node, but not of several nodes. */
function shareVolumes(one: readonly ServiceModel[], other: readonly ServiceModel[]): boolean {
  const volumes = new Set(one.flatMap(mountedVolumes));
  return other.flatMap(mountedVolumes).some((volume) => volumes.has(volume));
}

/** Divides items into groups, in their order: those that are linked, also through others, are in one group. */
function connected<T>(items: readonly T[], linked: (one: T, other: T) => boolean): T[][] {
  let groups: T[][] = [];
  for (const item of items) {
    const joined = groups.filter((group) => group.some((other) => linked(item, other)));
    const all = [...joined.flat(), item];
    groups = [...groups.filter((group) => !joined.includes(group)), items.filter((each) => all.includes(each))];
  }
  const first = (group: readonly T[]): number => items.indexOf(group[0] as T);
  return groups.sort((one, other) => first(one) - first(other));
}

function mountedVolumes({ volumes }: ServiceModel): string[] {
  return volumes.flatMap(({ type, source }) => (type === 'volume' && source !== undefined ? [source] : []));
}

/** The part of a compose file that these services need. */
function modelOf(model: ComposeModel, services: readonly ServiceModel[]): ComposeModel {
  const mounted = new Set(services.flatMap(mountedVolumes));
  return {
    ...model,
    services: new Map(services.map((service) => [service.name, service])),
    volumes: new Map([...model.volumes].filter(([name]) => mounted.has(name))),
  };
}

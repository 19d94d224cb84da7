import type { ServiceModel } from '../../../../compose/model/types.js';
import { portRange } from '../../../../compose/syntax/ports.js';
import { quote } from '../../../../system/yaml/yaml.js';
import type { PodFileInput } from '../common/input.js';
import { podSelector } from '../common/labels.js';
import { metadata } from '../common/metadata.js';
import type { KubernetesObject } from '../common/object.js';
import type { Scope } from '../common/scope.js';

/**
 * Builds the ClusterIP Services behind the Ingress: one for each pod file that a route of `http-proxy` names, and in
 * stacks of several pod files the one with the maintenance page.
 */
export function proxiedServices(scope: Scope): KubernetesObject[] {
  const { input, names, podFileOf } = scope;
  const { httpProxy, maintenanceService } = input.spec;
  const routes = httpProxy.flatMap((proxy) => proxy.routes);
  const page = input.podFiles.length > 1 && maintenanceService ? [maintenanceService] : [];
  const ports = new Map<PodFileInput, Set<number>>();
  for (const { service, port } of [...routes, ...page]) {
    const podFile = podFileOf.get(service);
    if (podFile !== undefined) ports.set(podFile, (ports.get(podFile) ?? new Set()).add(port));
  }
  return input.podFiles.flatMap((podFile) => {
    const numbers = [...(ports.get(podFile) ?? [])].sort((a, b) => a - b);
    if (numbers.length === 0) return [];
    return [
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: metadata(input, names.ingressService(podFile.name)),
        spec: {
          type: 'ClusterIP',
          selector: podSelector(input, podFile.name),
          ports: numbers.map((port) => ({ name: `port-${port}`, port, targetPort: port, protocol: 'TCP' })),
        },
      },
    ];
  });
}

/**
 * Builds the headless Service of every compose service, with its name, so that pods find each other as on Compose. It
 * includes pods that are not ready: on Compose a name exists as soon as its container does.
 */
export function headlessServices(scope: Scope): KubernetesObject[] {
  const { input, names, findings } = scope;
  return input.podFiles.flatMap((podFile) =>
    [...podFile.model.services.values()].flatMap((service) => {
      const owner = scope.podFileOf.get(service.name);
      if (owner === undefined) return [];
      if (owner !== podFile) {
        const message = `pod ${owner.name} has a service of this name too: in the cluster the name resolves to that service; rename one of the two`;
        findings.warnings.push(podFile.model.problem(['services', service.name], message));
        return [];
      }
      const name = names.headlessService(service.name);
      if (name === undefined) {
        reportUnreachable(scope, podFile, service);
        return [];
      }
      const ports = headlessPorts(service);
      return [
        {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: metadata(input, name),
          spec: {
            type: 'ClusterIP',
            clusterIP: 'None',
            publishNotReadyAddresses: true,
            selector: podSelector(input, podFile.name),
            ...(ports.length === 0 ? {} : { ports }),
          },
        },
      ];
    }),
  );
}

/** The ports are informative only: a name without ports would resolve as well. */
function headlessPorts(service: ServiceModel): object[] {
  return declaredPorts(service).map(({ name, port, protocol }) => ({
    name,
    port,
    targetPort: port,
    protocol: protocol.toUpperCase(),
  }));
}

/** Returns the ports of `ports` and `expose`, without duplicates, named like `tcp-80`; protocols in lower case. */
export function declaredPorts(service: ServiceModel): { name: string; port: number; protocol: string }[] {
  const ports = new Map<string, { name: string; port: number; protocol: string }>();
  const add = (port: number, protocol: string): void => {
    const name = `${protocol}-${port}`;
    if (!ports.has(name)) ports.set(name, { name, port, protocol });
  };
  for (const { target, protocol } of service.ports) add(target, protocol);
  for (const text of service.expose) {
    const [port = '', protocol = 'tcp'] = text.split('/');
    const range = portRange(port);
    for (let at = range?.first ?? 1; at <= (range?.last ?? 0); at += 1) add(at, protocol.toLowerCase());
  }
  return [...ports.values()];
}

/** Reports a name that DNS does not allow: an error if a variable mentions it, since nobody could reach it. */
function reportUnreachable(scope: Scope, podFile: PodFileInput, service: ServiceModel): void {
  const why = `no pod finds it under this name: DNS allows letters, digits and "-", starting with a letter, at most 63`;
  const mention = findMention(scope, service.name);
  const path = ['services', service.name];
  if (mention === undefined) {
    scope.findings.warnings.push(podFile.model.problem(path, why));
  } else {
    scope.findings.errors.push(podFile.model.problem(path, `${why}; ${mention} names it: rename the service`));
  }
}

/** Returns the variable whose value names a host, as `DB_URL of service web`; undefined if there is none. */
function findMention({ input }: Scope, name: string): string | undefined {
  const escaped = name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const named = new RegExp(`(?<![\\w-]|\\w\\.)${escaped}(?![\\w-]|\\.\\w)`);
  for (const { model } of [...input.podFiles, ...input.jobs]) {
    for (const service of model.services.values()) {
      for (const [variable, value] of service.environment) {
        if (named.test(value)) return `${quote(variable)} of service ${quote(service.name)}`;
      }
    }
  }
  if (input.envPolicy === 'mentioned') return undefined;
  const everywhere = [...input.config].find(([, value]) => named.test(value));
  return everywhere && `${quote(everywhere[0])} of the config`;
}

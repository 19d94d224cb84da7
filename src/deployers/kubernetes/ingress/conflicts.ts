import { parsePort, publishes } from '../../../compose/syntax/ports.js';
import type { Spec } from '../../../spec/model.js';
import type { Context } from '../../../system/context.js';
import { formatProblem, type Problem } from '../../../system/errors.js';
import { listOf, mapOf } from '../../../system/plain-map.js';
import type { ClusterApi, LiveObject } from '../api/api.js';
import { ClusterError, unlessForbidden } from '../api/errors.js';
import { isOurs, ownerOf } from '../apply/ownership.js';
import type { Identity } from '../objects/common/identity.js';
import { resources } from '../api/resources.js';
import type { KubernetesObject } from '../objects/common/object.js';
import type { PreparedInput } from '../input/prepare.js';

/**
 * Warns of problems that the API server accepts but visitors would notice: a missing certificate Secret, and a route
 * that another Ingress in the cluster has as well. What the account may not read is not checked.
 */
export async function warnAboutTraffic(
  { input: { spec }, identity, objects }: Pick<PreparedInput, 'input' | 'identity' | 'objects'>,
  api: ClusterApi,
  { report }: Context,
): Promise<void> {
  if (spec.httpProxy.length === 0) return;
  const [secrets, others = []] = await Promise.all([
    missingCertificates(spec, identity.namespace, api),
    api.list(resources.Ingress, {}).catch(unlessForbidden),
  ]);
  const wanted = objects.filter(({ kind }) => kind === 'Ingress');
  for (const problem of [...secrets, ...sharedRoutes(spec, wanted, others, identity)])
    report.warn(formatProblem(problem));
}

/** Returns what is wrong with a Secret for a certificate; undefined if nothing is, or it may not be read. */
export async function certificateProblem(
  name: string,
  namespace: string,
  api: ClusterApi,
): Promise<string | undefined> {
  const secret = await api
    .get(resources.Secret, name, namespace)
    .then((found) => ({ found }))
    .catch(unlessForbidden);
  if (secret === undefined) return undefined;
  if (secret.found === undefined) return `does not exist in namespace ${namespace}`;
  const data = mapOf(secret.found.data);
  const missing = ['tls.crt', 'tls.key'].filter((key) => data[key] === undefined);
  return missing.length === 0 ? undefined : `has no ${missing.join(' and no ')}`;
}

async function missingCertificates(spec: Spec, namespace: string, api: ClusterApi): Promise<Problem[]> {
  const found = spec.httpProxy.map(async ({ tlsSecret, hostName }, index) => {
    if (tlsSecret === undefined) return undefined;
    const problem = await certificateProblem(tlsSecret, namespace, api);
    if (problem === undefined) return undefined;
    const message = `secret ${tlsSecret} ${problem}: until then, ${hostName} is served with a certificate that the ingress controller chooses`;
    return spec.yaml.problem(['network', 'http-proxy', index, 'tls-secret'], message);
  });
  return (await Promise.all(found)).filter((problem) => problem !== undefined);
}

interface Route {
  host: string;
  path: string;
  className: string | undefined;
}

/** Reports host names with paths of the spec that other Ingresses in the cluster have, too. Pure. */
export function sharedRoutes(
  spec: Spec,
  wanted: readonly KubernetesObject[],
  present: readonly LiveObject[],
  identity: Identity,
): Problem[] {
  const own = new Set(wanted.map(({ metadata }) => metadata.name));
  const isOwn = (one: LiveObject): boolean =>
    one.metadata.namespace === identity.namespace && (own.has(one.metadata.name) || isOurs(ownerOf(one, identity)));
  const others = present.filter((one) => !isOwn(one)).map((object) => ({ object, routes: routesOf(object) }));
  const ours = wanted.flatMap(routesOf);
  return spec.httpProxy.flatMap(({ hostName }, index) => {
    const mine = ours.filter(({ host }) => host === hostName.toLowerCase());
    return others.flatMap(({ object: { metadata }, routes }) => {
      const shared = mine.filter((route) => routes.some((other) => meet(route, other))).map(({ path }) => path);
      if (shared.length === 0) return [];
      const message = `${hostName} (${[...new Set(shared)].join(', ')}) is that of Ingress ${metadata.namespace ?? ''}/${metadata.name} too: the ingress controller decides which of the two answers`;
      return [spec.yaml.problem(['network', 'http-proxy', index, 'host-name'], message)];
    });
  });
}

/** Whether two routes may conflict: controllers of different classes do not see each other's Ingresses. */
function meet(one: Route, other: Route): boolean {
  const apart = one.className !== undefined && other.className !== undefined && one.className !== other.className;
  return one.host === other.host && one.path === other.path && !apart;
}

function routesOf({ spec }: KubernetesObject): Route[] {
  const { ingressClassName, rules } = mapOf(spec);
  const className = typeof ingressClassName === 'string' ? ingressClassName : undefined;
  return listOf(rules).flatMap((rule) => {
    const { host, http } = mapOf(rule);
    if (typeof host !== 'string') return [];
    return listOf(mapOf(http).paths).map((each) => {
      const { path } = mapOf(each);
      return { host: host.toLowerCase(), path: typeof path === 'string' ? path : '/', className };
    });
  });
}

/** The server's message for a node port that another Service has; it does not include which one. */
const taken = /Invalid value: (\d+): provided port is already allocated/g;

/**
 * Adds to the error of an apply about a taken node port the place in the spec and the Service that has the port; any
 * other error is unchanged.
 * @returns the error to throw
 */
export async function explainTakenPorts(
  error: unknown,
  { spec }: PreparedInput['input'],
  api: ClusterApi,
): Promise<unknown> {
  if (!(error instanceof ClusterError)) return error;
  const ports = [...new Set([...error.message.matchAll(taken)].map(([, port]) => Number(port)))];
  if (ports.length === 0) return error;
  // The first error is the one to report, even if the other Services cannot be listed.
  const services = await api.list(resources.Service, {}).catch(() => []);
  const lines = ports.map((port) => {
    const holder = services.find((service) => nodePortsOf(service).includes(port));
    const { namespace = '', name = '' } = holder?.metadata ?? {};
    const by =
      holder === undefined ? 'another Service, which this account may not read' : `Service ${namespace}/${name}`;
    return formatProblem(spec.yaml.problem(nodePortPlace(spec, port), `node port ${port} is taken by ${by}`));
  });
  const { status, reason, causes, hint } = error;
  return new ClusterError([...lines, error.message].join('\n'), {
    status,
    reason,
    causes,
    hint: ['choose another port of 30000-32767 in the spec', hint].filter(Boolean).join('; '),
    cause: error,
  });
}

function nodePortsOf({ spec }: LiveObject): unknown[] {
  return listOf(mapOf(spec).ports).map((port) => mapOf(port).nodePort);
}

/** Where the spec requests a node port. Pure. */
export function nodePortPlace({ ports }: Pick<Spec, 'ports'>, port: number): (string | number)[] {
  for (const [service, entries] of ports) {
    const index = entries.findIndex((entry) => {
      const parsed = parsePort(entry);
      return parsed !== undefined && publishes(parsed, port);
    });
    if (index !== -1) return ['network', 'ports', service, index];
  }
  return ['network', 'ports'];
}

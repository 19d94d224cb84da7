import { stringify } from 'yaml';
import { parsePort } from '../../compose/syntax/ports.js';
import type { Amounts, ResourceBounds } from '../../spec/model.js';
import type { Spec } from '../../spec/parse.js';
import { parseCpus, parseMemory } from '../../spec/units.js';
import type { Problem } from '../../system/errors.js';
import { mapOf } from '../../system/plain-map.js';
import { type KeyPath, yamlStyle } from '../../system/yaml/yaml.js';
import { definitionOf, lineOf, type ReadComposeFile } from '../compose/compose-files.js';
import type { GeneratedFile } from '../directory/tree.js';
import { caBundle, caFolder, caPlace, caVariable } from './ca-certificates.js';

/**
 * Generates compose files for what a spec asks of the services besides values, ports and volumes: `resources`,
 * `replicas`, `image-overrides`, `security`, `external-services`, `ca-certificates`, `labels` and `annotations`. They
 * are merged over the stack's own: one file for the pods, and one for each job.
 * @param read the compose files of the stack
 */
export function specOverrides(spec: Spec, read: readonly ReadComposeFile[]): SpecOverrides {
  const result: SpecOverrides = { files: [], refused: selectedServices(spec), warnings: withoutEffect(spec) };
  const jobs = read.filter(({ role }) => role === 'job');
  const pods = read.filter(({ role }) => role === 'pod' || role === 'include');
  const add = (path: string, services: [string, Override][]): void => {
    const given = services.filter(([, override]) => Object.keys(override).length > 0);
    if (given.length > 0) result.files.push({ path, source: { text: render(given) }, mode: 0o644 });
  };
  const of = (file: ReadComposeFile): [string, Override][] =>
    [...file.file.services.keys()].map((name) => [name, overrideOf(spec, read, file, name)]);
  const ofPod = (file: ReadComposeFile): [string, Override][] =>
    spec.replicas === undefined ? of(file) : of(file).map((one) => replicated(one, spec, file, result));
  add(podOverrides, pods.flatMap(ofPod));
  for (const job of jobs) add(jobOverrides(job.owner), of(job));
  return result;
}

export interface SpecOverrides {
  files: GeneratedFile[];
  /** What is not possible: errors when a deployment is created. */
  refused: Problem[];
  /** Keys without an equivalent on Compose. */
  warnings: Problem[];
}

/** Path of the overrides for the pods in a deployment directory. */
export const podOverrides = 'compose/spec-overrides.yml';

/** Path of the overrides for a job. */
export function jobOverrides(job: string): string {
  return `compose-jobs/spec-overrides-${job}.yml`;
}

/** The settings of a service in an override file. */
type Override = Record<string, unknown>;

function render(services: [string, Override][]): string {
  const head = '# Made from spec.yml, and merged over the other compose files. Do not edit: change the spec.\n';
  return head + stringify({ services: Object.fromEntries(services) }, yamlStyle);
}

function overrideOf(spec: Spec, read: readonly ReadComposeFile[], file: ReadComposeFile, name: string): Override {
  const image = spec.imageOverrides.get(name);
  const labels = expanded(spec.labels, name);
  const annotations = expanded(spec.annotations, name);
  const { privileged, capabilities, unlimitedMemlock } = spec.security;
  return {
    ...(image === undefined ? {} : { image: literal(image) }),
    ...(privileged ? { privileged } : {}),
    ...(unlimitedMemlock ? { ulimits: { memlock: -1 } } : {}),
    ...(capabilities.length > 0 ? { cap_add: [...capabilities] } : {}),
    ...extraHosts(spec, definitions(read, file, name)),
    ...authorities(spec, definitions(read, file, name)),
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
    ...resources(spec, definitions(read, file, name), name),
  };
}

/** The definition of the service, and of the services that it extends. */
function definitions(read: readonly ReadComposeFile[], file: ReadComposeFile, name: string): Record<string, unknown>[] {
  return lineOf(read, file, name).map((one) => mapOf(definitionOf(one)));
}

/** The addresses of external services as names in the container, unless the compose file itself has the name. */
function extraHosts({ externalServices }: Spec, written: readonly Record<string, unknown>[]): Override {
  // Docker refuses names for a container that uses the network of another one.
  if (written.some(({ network_mode: mode }) => /^(?:service|container):/.test(String(mode)))) return {};
  const own = new Set(written.flatMap((each) => namesOf(each.extra_hosts)));
  const hosts = [...externalServices].flatMap(([name, service]) =>
    service.kind === 'ip' && !own.has(name) ? service.addresses.map((address) => `${name}=${address}`) : [],
  );
  return hosts.length === 0 ? {} : { extra_hosts: hosts };
}

/** The certificates of the spec's authorities, and the variable that names them unless the compose file sets it. */
function authorities({ caCertificates }: Spec, written: readonly Record<string, unknown>[]): Override {
  if (caCertificates.length === 0) return {};
  const file = `${caPlace}/${caBundle}`;
  const own = written.some(({ environment }) => namesOf(environment).includes(caVariable));
  return {
    volumes: [`../${caFolder}/${caBundle}:${file}:ro`],
    ...(own ? {} : { environment: { [caVariable]: file } }),
  };
}

/** The names in `extra_hosts` or `environment`: a map, or a list of `name:value` or `name=value`. */
function namesOf(pairs: unknown): string[] {
  if (!Array.isArray(pairs)) return Object.keys(mapOf(pairs));
  return pairs.map((entry) => /^[^:=]*/.exec(String(entry))?.[0] ?? '');
}

function selectedServices({ externalServices, yaml }: Spec): Problem[] {
  const message = 'Docker Compose has no pods to select: write the ip of the service';
  return [...externalServices].flatMap(([name, { kind }]) =>
    kind === 'selector' ? [yaml.problem(['external-services', name, 'selector'], message)] : [],
  );
}

/** In Compose a `$` starts a variable; in a spec, as on Kubernetes, it is literal. */
function literal(text: string): string {
  return text.replaceAll('$', '$$$$');
}

/** `{name}` in a key is replaced by the service's name. */
function expanded(values: ReadonlyMap<string, string>, service: string): Record<string, string> | undefined {
  if (values.size === 0) return undefined;
  return Object.fromEntries([...values].map(([key, value]) => [key.replaceAll('{name}', service), literal(value)]));
}

/**
 * Limits and reservations: those of the spec for this service, else those of the compose file, else those of the spec
 * for all. Compose refuses conflicting values, so older keys of a service (`mem_limit`) get the same ones.
 */
function resources(spec: Spec, written: readonly Record<string, unknown>[], name: string): Override {
  const { named, all } = spec.resources.containers;
  const own = named.get(name);
  const bounded = written.some(
    (each) => mapOf(each.deploy).resources !== undefined || older.some((key) => key in each),
  );
  const bounds: ResourceBounds | undefined = own ?? (bounded ? undefined : all);
  const limits = amounts(bounds?.limits);
  const reservations = amounts(bounds?.reservations);
  const given = { ...(limits && { limits }), ...(reservations && { reservations }) };
  if (Object.keys(given).length === 0) return {};
  const same: Override = {};
  const values = { mem_limit: limits?.memory, cpus: limits?.cpus, mem_reservation: reservations?.memory };
  for (const key of older) {
    if (values[key] !== undefined && written.some((each) => key in each)) same[key] = values[key];
  }
  return { deploy: { resources: given }, ...same };
}

const older = ['mem_limit', 'mem_reservation', 'cpus'] as const;

function amounts({ cpus, memory }: Amounts = {}): { cpus?: string; memory?: string } | undefined {
  const nanos = cpus === undefined ? undefined : parseCpus(cpus);
  const bytes = memory === undefined ? undefined : parseMemory(memory);
  const given = {
    ...(nanos === undefined || nanos === 0n ? {} : { cpus: String(Number(nanos) / 1e9) }),
    ...(bytes === undefined || bytes === 0n ? {} : { memory: String(bytes) }),
  };
  return Object.keys(given).length === 0 ? undefined : given;
}

/** Several containers of a service cannot share a name or a host port. */
function replicated(
  [name, override]: [string, Override],
  spec: Spec,
  file: ReadComposeFile,
  { refused, warnings }: SpecOverrides,
): [string, Override] {
  const { replicas = 1 } = spec;
  const [definition = {}] = definitions([file], file, name);
  const refuse = (what: string): void => {
    refused.push(spec.yaml.problem(['replicas'], `service ${name} cannot run ${replicas} times: ${what}`));
  };
  const service = file.file.services.get(name);
  if (replicas > 1) {
    if (definition.container_name !== undefined) refuse('it has a container_name, which only one container can have');
    for (const port of fixedPorts(spec.ports.get(name), service?.ports ?? [])) {
      refuse(`it publishes ${port} on a fixed host port; write the container port only`);
    }
    for (const { kind, source } of service?.mounts ?? []) {
      if (kind !== 'volume' || source === undefined) continue;
      const message = `the ${replicas} containers of service ${name} share the volume ${source}: most databases do not support that`;
      warnings.push(spec.yaml.problem(['replicas'], message));
    }
  }
  const scale = 'scale' in definition ? { scale: replicas } : {};
  return [name, { ...override, ...scale, deploy: { ...mapOf(override.deploy), replicas } }];
}

function fixedPorts(
  ofSpec: readonly string[] | undefined,
  ofFile: readonly { raw: string; host?: string }[],
): string[] {
  const ports = ofSpec === undefined ? ofFile : ofSpec.flatMap((text) => parsePort(text) ?? []);
  return ports.filter(({ host }) => host !== undefined && !host.includes('-')).map(({ raw }) => raw);
}

/** Keys of a spec that are only used on Kubernetes. */
const kubernetesOnly: readonly KeyPath[] = [
  ...['namespace', 'kube-config', 'kind-cluster-name', 'kind-node-image', 'kind-listen-address', 'kind-http-port'],
  ...['kind-https-port', 'kind-mount-root', 'caddy-ingress-image', 'node-affinities', 'node-tolerations'],
  'pods',
  ...['image-pull-secret', 'image-pull-policy', 'maintenance-service'],
]
  .map((key): KeyPath => [key])
  .concat([
    ['network', 'http-proxy'],
    ['network', 'acme-email'],
    ['network', 'ingress-class'],
    ['resources', 'volumes'],
    ['security', 'runtime-class'],
  ]);

function withoutEffect({ yaml, secrets, secretSources, externalServices }: Spec): Problem[] {
  const given = kubernetesOnly.filter((path) => {
    const value = path.reduce<unknown>((at, key) => mapOf(at)[String(key)], yaml.value);
    return value !== undefined && value !== null && value !== false;
  });
  const inCluster = secrets.filter((name) => secretSources?.has(name) !== true).map((name) => ['secrets', name]);
  const hosts = [...externalServices].flatMap(([name, { kind }]) =>
    kind === 'host' ? [['external-services', name, 'host']] : [],
  );
  return [...given, ...inCluster, ...hosts].map((path) => yaml.problem(path, 'has no effect on Docker Compose'));
}

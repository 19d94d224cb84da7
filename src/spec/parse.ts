import { InvalidFileError, type Problem } from '../system/errors.js';
import { byLine, checkShape, describeValue, misspelt, type UnknownKey } from '../system/yaml/schema.js';
import { unknownTags } from '../system/yaml/problems.js';
import { type KeyPath, parseYaml, quote, scalarText, type YamlFile } from '../system/yaml/yaml.js';
import { staleKey } from './misplaced-keys.js';
import type { ExternalService, ResourceBounds, ResourceSection, Spec, Toleration } from './model.js';
import { type DeployTarget, type SpecShape, specShape } from './schema.js';
import { readSecretSources, type SecretSources } from './secret-sources.js';

export type * from './model.js';
export type { DeployTarget } from './schema.js';

/** A spec and its unknown keys: near misses are errors at create, the others warnings. */
export interface ParsedSpec {
  spec: Spec;
  unknown: UnknownKey[];
}

/**
 * Parses a `spec.yml`.
 * @param text the file's text
 * @param file its name for messages
 * @throws InvalidFileError with every problem of the file, and misspelt keys, which may be the cause
 */
export function parseSpec(text: string, file: string): ParsedSpec {
  const yaml = parseYaml(text, file);
  if (yaml.value === null) {
    throw new InvalidFileError([{ file, message: 'is empty: at least stack and deploy-to are needed' }]);
  }
  const { value: shape, problems, unknown } = checkShape(yaml, specShape, { stale: staleKey });
  const config = readConfig(yaml);
  const secrets = readSecretSources(yaml);
  problems.push(...config.problems, ...secrets.problems, ...unknownTags(yaml));
  if (shape?.['deploy-to'] === 'k8s' && !shape['kube-config']) {
    problems.push(yaml.problem(['kube-config'], 'is missing: deploy-to k8s needs the path of a kubeconfig'));
  }
  const { 'kind-http-port': http, 'kind-https-port': https } = shape ?? {};
  if ((http ?? 80) === (https ?? 443)) {
    const [key, other] = http ? ['kind-http-port', 'HTTPS'] : ['kind-https-port', 'HTTP'];
    problems.push(yaml.problem([key], `is the port for ${other} too (${http ?? https}): they must differ`));
  }
  if (shape === undefined || problems.length > 0) {
    throw new InvalidFileError(byLine([...problems, ...misspelt(unknown)]));
  }
  return { spec: toSpec(yaml, shape, config.values, secrets.sources), unknown };
}

/** Reads `config:` as text; null, maps, lists and names that an env file cannot hold are problems. */
function readConfig(yaml: YamlFile): { values: Map<string, string>; problems: Problem[] } {
  const values = new Map<string, string>();
  const problems: Problem[] = [];
  for (const [name, value] of entriesAt(yaml, 'config')) {
    const path = ['config', name];
    const text = scalarText(yaml, path);
    const wrong = configNameProblem(name) ?? (text === undefined ? configValueProblem(value) : configTextProblem(text));
    if (wrong !== undefined) problems.push(yaml.problem(path, wrong));
    else if (text !== undefined) values.set(name, text);
  }
  return { values, problems };
}

/**
 * Accepts the names that Compose accepts in an env file: letters, digits and `_`, but also dots and dashes, which only
 * `$X` cannot refer to.
 */
function configNameProblem(name: string): string | undefined {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name)) return undefined;
  return `${quote(name)} is not the name of a variable: letters, digits and "_" are allowed`;
}

function configValueProblem(value: unknown): string {
  if (value === null) return "has no value: write '' for an empty one, or remove the name";
  return `must be text, a number, true or false, found ${describeValue(value)}`;
}

function configTextProblem(text: string): string | undefined {
  if (text.includes('\0')) return 'holds a NUL character, which no variable can';
  return /\p{Surrogate}/u.test(text) ? 'holds half of a character (a lone surrogate)' : undefined;
}

/** The entries of a top-level map as written in the file; empty if there is none. */
function entriesAt(yaml: YamlFile, key: string): [string, unknown][] {
  const root = yaml.value;
  if (typeof root !== 'object' || root === null || !Object.hasOwn(root, key)) return [];
  const section = (root as Record<string, unknown>)[key];
  if (typeof section !== 'object' || section === null || Array.isArray(section)) return [];
  return Object.entries(section);
}

function toSpec(
  yaml: YamlFile,
  shape: SpecShape,
  config: ReadonlyMap<string, string>,
  secretSources: SecretSources,
): Spec {
  const { network, resources, security } = shape;
  const written = (path: KeyPath): string => scalarText(yaml, path) ?? '';
  const texts = (key: 'annotations' | 'labels'): Map<string, string> =>
    new Map(Object.keys(shape[key] ?? {}).map((name) => [name, written([key, name])]));
  const pullSecret = shape['image-pull-secret'];
  const proxies = network?.['http-proxy'] ?? [];
  return {
    yaml,
    stack: shape.stack,
    deployTo: shape['deploy-to'] as DeployTarget,
    config,
    credentialsFiles: shape['credentials-files'] ?? [],
    volumes: paths(shape.volumes),
    configmaps: paths(shape.configmaps),
    ports: new Map(Object.entries(network?.ports ?? {}).map(([service, ports]) => [service, ports ?? []])),
    httpProxy: proxies.map((proxy) => ({
      hostName: proxy['host-name'],
      routes: proxy.routes.map((route) => ({ path: route.path, ...serviceAndPort(route['proxy-to']) })),
      ...given({ tlsSecret: proxy['tls-secret'], issuer: proxy.issuer }),
      ...(proxy.tls === false ? { withoutTls: true as const } : {}),
    })),
    secrets: Array.isArray(shape.secrets) ? shape.secrets : Object.keys(shape.secrets ?? {}),
    ...(secretSources.size === 0 ? {} : { secretSources }),
    resources: { containers: toSection(resources?.containers), volumes: toSection(resources?.volumes) },
    security: {
      privileged: security?.privileged ?? false,
      capabilities: security?.capabilities ?? [],
      unlimitedMemlock: security?.['unlimited-memlock'] ?? false,
      ...given({ runtimeClass: security?.['runtime-class'] }),
    },
    annotations: texts('annotations'),
    labels: texts('labels'),
    nodeAffinities: (shape['node-affinities'] ?? []).map(({ label }, index) => ({
      label,
      value: written(['node-affinities', index, 'value']),
    })),
    nodeTolerations: (shape['node-tolerations'] ?? []).map((toleration, index) =>
      toToleration(toleration, scalarText(yaml, ['node-tolerations', index, 'value'])),
    ),
    imageOverrides: new Map(Object.entries(shape['image-overrides'] ?? {})),
    externalServices: new Map(
      Object.entries(shape['external-services'] ?? {}).map(([name, service]) => [
        name,
        toExternalService(yaml, name, service),
      ]),
    ),
    caCertificates: shape['ca-certificates'] ?? [],
    ...given({
      acmeEmail: network?.['acme-email'],
      ingressClass: network?.['ingress-class'],
      pods: shape.pods,
      replicas: shape.replicas,
      kubeConfig: shape['kube-config'],
      imageRegistry: shape['image-registry'],
      imagePullPolicy: shape['image-pull-policy'],
      namespace: shape.namespace,
      kindClusterName: shape['kind-cluster-name'],
      kindNodeImage: shape['kind-node-image'],
      kindListenAddress: shape['kind-listen-address'],
      kindHttpPort: shape['kind-http-port'],
      kindHttpsPort: shape['kind-https-port'],
      kindMountRoot: shape['kind-mount-root'],
      caddyIngressImage: shape['caddy-ingress-image'],
      maintenanceService: shape['maintenance-service'] ? serviceAndPort(shape['maintenance-service']) : undefined,
      imagePullSecret: pullSecret
        ? {
            server: pullSecret.server,
            username: pullSecret.username,
            ...given({ tokenEnv: pullSecret['token-env'], tokenFile: pullSecret['token-file'] }),
          }
        : undefined,
    }),
  };
}

/** Drops undefined, null and empty values: such keys mean the same as missing ones. */
function given<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], null | undefined> } {
  const kept = Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== '');
  return Object.fromEntries(kept) as { [K in keyof T]?: Exclude<T[K], null | undefined> };
}

function paths(section: Record<string, string | null | undefined> | null | undefined): Map<string, string | undefined> {
  return new Map(
    Object.entries(section ?? {}).map(([name, path]) => [name, path === '' ? undefined : (path ?? undefined)]),
  );
}

function serviceAndPort(text: string): { service: string; port: number } {
  const colon = text.lastIndexOf(':');
  return { service: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}

/** Key and value alone are the Python program's notation, which meant `NoSchedule`. */
function toToleration(
  shape: NonNullable<SpecShape['node-tolerations']>[number],
  value: string | undefined,
): Toleration {
  const operator = shape.operator ?? 'Equal';
  const effect = shape.effect ?? (shape.operator ? undefined : 'NoSchedule');
  const { key, tolerationSeconds } = shape;
  return {
    operator,
    ...given({ key, effect, tolerationSeconds }),
    ...(operator === 'Equal' ? { value: value ?? '' } : {}),
  };
}

interface BoundsShape {
  limits?: object | null | undefined;
  reservations?: object | null | undefined;
}

function toBounds(shape: BoundsShape): ResourceBounds {
  return given({
    limits: shape.limits ? given(shape.limits) : undefined,
    reservations: shape.reservations ? given(shape.reservations) : undefined,
  });
}

function toSection(section: (BoundsShape & Record<string, unknown>) | null | undefined): ResourceSection {
  if (!section) return { all: {}, named: new Map() };
  const { limits, reservations, ...named } = section;
  const entries = Object.entries(named as Record<string, BoundsShape>);
  return {
    all: toBounds({ limits, reservations }),
    named: new Map(entries.map(([name, bounds]) => [name, toBounds(bounds)])),
  };
}

function toExternalService(
  yaml: YamlFile,
  name: string,
  service: NonNullable<SpecShape['external-services']>[string],
): ExternalService {
  const port = service.port ?? 443;
  if (service.host) return { kind: 'host', host: service.host, port };
  if (service.ip) return { kind: 'ip', addresses: typeof service.ip === 'string' ? [service.ip] : service.ip, port };
  const labels = Object.keys(service.selector ?? {});
  return {
    kind: 'selector',
    selector: new Map(
      labels.map((label) => [label, scalarText(yaml, ['external-services', name, 'selector', label]) ?? '']),
    ),
    namespace: service.namespace ?? '',
    port,
  };
}

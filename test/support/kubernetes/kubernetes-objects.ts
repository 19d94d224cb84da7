import { parseComposeFile } from '../../../src/compose/document/file.js';
import { mentionedNames } from '../../../src/compose/document/interpolation.js';
import { readCompose } from '../../../src/compose/model/normalize.js';
import { buildObjects } from '../../../src/deployers/kubernetes/objects/build.js';
import type { ObjectsInput, PodFileInput } from '../../../src/deployers/kubernetes/objects/common/input.js';
import { parseSpec } from '../../../src/spec/parse.js';
import { formatProblem } from '../../../src/system/errors.js';
import { parseYaml } from '../../../src/system/yaml/yaml.js';

/** A stack as text. A test sets only the parts it needs; the others are minimal. */
export interface StackText {
  /** Compose files by pod name. */
  pods?: Record<string, string>;
  jobs?: Record<string, string>;
  /** Lines of spec.yml in addition to `stack` and `deploy-to`. */
  spec?: string;
  config?: Record<string, string>;
  generated?: Record<string, string>;
  /** The variables of the config that come from credentials files. */
  credentials?: Record<string, string>;
  environment?: ObjectsInput['envPolicy'];
  /** Declared configmaps: contents by volume and file name. */
  configmaps?: Record<string, Record<string, string>>;
  /** Files of the host: the text of a file, or texts by name in a directory. */
  files?: Record<string, string | Record<string, string>>;
  imageIds?: Record<string, string>;
  images?: Record<string, string>;
  /** Values of the spec's secrets with sources, by Secret and key. */
  secretValues?: Record<string, Record<string, string>>;
  /** Certificates of authorities by file name. */
  authorities?: Record<string, string>;
  registryToken?: string;
  target?: ObjectsInput['target'];
  profiles?: readonly string[];
}

export const app = 'laconic-f3abcdxy';

/** The input of the objects for a stack `notes`, whose compose files are parsed like those of a deployment. */
export function objectsInput(stack: StackText): ObjectsInput {
  const { pods = {}, jobs: jobTexts = {}, generated = {}, credentials = {}, target = 'k8s-kind' } = stack;
  const config = { ...stack.config, ...credentials };
  const values = new Map(Object.entries({ ...config, ...generated }));
  const files = Object.entries({ ...pods, ...jobTexts }).map(([name, text]) => parseComposeFile(text, fileName(name)));
  const services = new Set(files.flatMap((file) => [...file.services.keys()]));
  const mentioned = new Set(
    files.flatMap((file) => [...mentionedNames(file, new Map()).values()].flatMap((set) => [...set])),
  );
  const read = (texts: Record<string, string>): PodFileInput[] =>
    Object.entries(texts).map(([name, text]) => ({
      name,
      model: readCompose({
        yaml: parseYaml(text, fileName(name)),
        lookup: (variable) => values.get(variable),
        otherServices: services,
        ...(stack.profiles === undefined ? {} : { profiles: stack.profiles }),
      }).normalize().model,
      mentions: mentionedNames(parseComposeFile(text, fileName(name)), new Map()),
    }));
  const kubeConfig = target === 'k8s' ? 'kube-config: k.yml\n' : '';
  const { spec } = parseSpec(`stack: notes\ndeploy-to: ${target}\n${kubeConfig}${stack.spec ?? ''}`, 'spec.yml');
  return {
    deploymentId: app,
    stack: 'notes',
    namespace: 'laconic-notes',
    directory: '/srv/notes',
    target,
    spec,
    podFiles: read(pods),
    jobs: read(jobTexts),
    config: new Map(Object.entries(config)),
    generatedSecrets: new Map(Object.entries(generated)),
    credentials: new Map(Object.entries(credentials)),
    envPolicy: stack.environment ?? 'mentioned',
    unmentioned: new Set([...values.keys()].filter((name) => !mentioned.has(name))),
    configmaps: new Map(Object.entries(stack.configmaps ?? {}).map(([name, contents]) => [name, buffers(contents)])),
    boundFiles: new Map(
      Object.entries(stack.files ?? {}).map(([path, content]) => [
        path,
        typeof content === 'string'
          ? { kind: 'file', name: path.split('/').pop() ?? '', content: Buffer.from(content) }
          : { kind: 'directory', files: buffers(content) },
      ]),
    ),
    imageOverrides: new Map(Object.entries(stack.images ?? {})),
    imageVersions: new Map(Object.entries(stack.imageIds ?? {})),
    caCertificates: buffers(stack.authorities ?? {}),
    certificates: [],
    secretValues: new Map(
      Object.entries(stack.secretValues ?? {}).map(([name, keys]) => [name, new Map(Object.entries(keys))]),
    ),
    ...(stack.registryToken === undefined ? {} : { registryToken: stack.registryToken }),
  };
}

function fileName(pod: string): string {
  return `docker-compose-${pod}.yml`;
}

function buffers(texts: Record<string, string>): Map<string, Buffer> {
  return new Map(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text)]));
}

export interface Workloads {
  deployments: Workload[];
  jobs: Workload[];
  /** Problems as an operator sees them. */
  errors: string[];
  warnings: string[];
}

/** The parts of a Deployment or Job that tests check. */
export interface Workload {
  metadata: { name: string; labels: Record<string, string> };
  spec: {
    replicas?: number;
    strategy?: unknown;
    selector?: { matchLabels: Record<string, string> };
    backoffLimit?: number;
    template: { metadata: { labels: Record<string, string>; annotations?: Record<string, string> }; spec: PodSpec };
  };
}

export interface PodSpec extends Record<string, unknown> {
  containers: Container[];
  initContainers?: Container[];
}

export type Container = Record<string, unknown> & { name: string };

/** The workloads of a stack, and the problems found. */
export function workloads(stack: StackText): Workloads {
  const { objects, findings } = buildObjects(objectsInput(stack));
  const ofKind = (kind: string): Workload[] =>
    objects.filter((object) => object.kind === kind) as unknown as Workload[];
  return {
    deployments: ofKind('Deployment'),
    jobs: ofKind('Job'),
    errors: findings.errors.map(formatProblem),
    warnings: findings.warnings.map(formatProblem),
  };
}

/** The pod of a stack with one pod file. */
export function podOf(stack: StackText): PodSpec {
  const made = workloads(stack);
  const [first] = made.deployments;
  if (first === undefined || made.errors.length > 0) throw new Error(`no pod: ${made.errors.join('\n')}`);
  return first.spec.template.spec;
}

/** The container of the only service, `web`, whose keys are given as lines of YAML. */
export function containerOf(keys: string, rest: Omit<StackText, 'pods'> & { top?: string } = {}): Container {
  const { containers, initContainers = [] } = podOf({ ...rest, pods: { web: oneService(keys, rest.top) } });
  const [container] = [...initContainers, ...containers];
  if (container === undefined) throw new Error('no container');
  return container;
}

/** A compose file with the service `web`. */
export function oneService(keys: string, top = ''): string {
  const lines = keys.split('\n').filter((line) => line.trim() !== '');
  return ['services:', '  web:', '    image: nginx:1.27', ...lines.map((line) => `    ${line}`), top, ''].join('\n');
}

/** Errors and warnings of a service `web` with these keys. */
export function findingsOf(
  keys: string,
  rest: Omit<StackText, 'pods'> & { top?: string } = {},
): Pick<Workloads, 'errors' | 'warnings'> {
  const { errors, warnings } = workloads({ ...rest, pods: { web: oneService(keys, rest.top) } });
  return { errors, warnings };
}

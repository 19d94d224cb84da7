import { homedir } from 'node:os';
import { basename } from 'node:path';
import { type DeploymentFiles, filesOnDisk } from '../../../deployment/directory/files.js';
import type { Deployment } from '../../../deployment/access/open.js';
import { readPushedImages } from '../../../deployment/images/pushed-images.js';
import { warnOfNew } from '../../../deployment/checks/reported-warnings.js';
import { credentialSecrets } from '../../../spec/environment.js';
import type { Context } from '../../../system/context.js';
import { InvalidFileError } from '../../../system/errors.js';
import { checkImageServices, activeImages } from '../../../deployment/images/image-overrides.js';
import type { Identity } from '../objects/common/identity.js';
import { gatherInput, type InputOptions } from './gather.js';
import { buildObjects } from '../objects/build.js';
import { takesExistingCertificate } from '../objects/network/ingress.js';
import type { FoundCertificate, ObjectsInput } from '../objects/common/input.js';
import { namespaceName } from '../objects/common/names.js';
import type { KubernetesObject } from '../objects/common/object.js';
import type { StartStep } from '../objects/workloads/start-order.js';

/** A deployment's objects, ready to be applied. */
export interface PreparedInput {
  readonly input: ObjectsInput;
  readonly identity: Identity;
  readonly objects: readonly KubernetesObject[];
  readonly order: readonly StartStep[];
}

export interface ObjectsOptions {
  /** `--image`, by service; absent: those of the last restart. */
  images?: ReadonlyMap<string, string>;
  /** See InputOptions. */
  imageIds?: InputOptions['imageIds'];
  /**
   * Returns certificates of the namespace in the cluster; called if the spec leaves a host's certificate open. Absent:
   * none.
   */
  certificates?: (namespace: string) => Promise<readonly FoundCertificate[]>;
  requireToken: boolean;
  /** The future files of the deployment directory; absent: the current ones. */
  files?: DeploymentFiles;
}

/**
 * Builds the objects of a deployment from its directory. The cluster is read only for certificates. From here on,
 * generated secrets and credentials are hidden in messages. Warnings are reported.
 * @throws InvalidFileError with everything that cannot be mapped to Kubernetes
 */
export async function prepareObjects(
  deployment: Deployment,
  options: ObjectsOptions,
  context: Context,
): Promise<PreparedInput> {
  const { layout } = deployment;
  const images = options.images ?? (await activeImages(layout.images));
  const files = options.files ?? filesOnDisk(layout.root);
  const config = (await files.read('config.env'))?.toString('utf8');
  if (config !== undefined) context.report.conceal(credentialSecrets(config, layout.configEnv));
  const source = { root: layout.root, ...deployment };
  const { input, findings, secrets } = await gatherInput(source, files, {
    env: context.env,
    home: homedir(),
    cwd: context.cwd,
    images,
    pushed: await readPushedImages(layout),
    requireToken: options.requireToken,
    imageIds: options.imageIds,
  });
  context.report.conceal(secrets);
  checkImageServices(options.images ?? new Map(), servicesOf(input));
  const built = buildObjects(input);
  const errors = [...findings.errors, ...built.findings.errors];
  if (errors.length > 0) throw new InvalidFileError(errors);
  await warnOfNew([...findings.warnings, ...built.findings.warnings], layout, context.report);
  const identity = identityOf(deployment);
  const certificates = await certificatesFor(input, options);
  if (certificates.length === 0) return { input, identity, objects: built.objects, order: built.order };
  const complete = { ...input, certificates };
  const { objects, order } = buildObjects(complete);
  return { input: complete, identity, objects, order };
}

/** Looked up last: errors in the files are reported without reading the cluster. */
async function certificatesFor(
  { target, spec, namespace }: ObjectsInput,
  { certificates }: ObjectsOptions,
): Promise<readonly FoundCertificate[]> {
  if (certificates === undefined || target === 'k8s-kind') return [];
  return spec.httpProxy.some(takesExistingCertificate) ? certificates(namespace) : [];
}

/** Returns the identity of a deployment, from its spec and ids alone. */
export function identityOf({ layout, record, spec }: Deployment): Identity {
  const { deploymentId } = record;
  const stack = basename(spec.stack);
  return { deploymentId, stack, namespace: namespaceName(spec.namespace, stack, deploymentId), directory: layout.root };
}

function servicesOf({ podFiles, jobs }: ObjectsInput): string[] {
  return [...podFiles, ...jobs].flatMap(({ model }) => [...model.services.keys()]);
}

import type { Engine } from '../../../engine/connect.js';
import type { Context } from '../../../system/context.js';
import type { Deadline } from '../../readiness/wait-timeout.js';
import type { ClusterApi, LiveObject } from '../api/api.js';
import { isConflict } from '../api/errors.js';
import { stamped } from '../apply/hash.js';
import { withKnownImageIds } from '../apply/keep-image-ids.js';
import { keyOfObject } from '../apply/inventory.js';
import type { Action } from '../apply/actions.js';
import { requestEach } from '../api/request-each.js';
import { decide } from '../apply/decide.js';
import { typeOf } from '../api/resources.js';
import { writeObject } from '../apply/write-object.js';
import { imageIdsOf } from './pod-images.js';
import { describeObject, type KubernetesObject, podContainers } from '../objects/common/object.js';
import { waitUntilReady } from '../ready/wait.js';
import {
  caddyConfigMap,
  caddyName,
  caddyNamespace,
  caddyObjects,
  caddyRelease,
  type CaddySettings,
  defaultAcmeAuthority,
  defaultCaddyImage,
  imageFromAnnotation,
  releaseAnnotation,
} from './caddy-manifest.js';
import { loadImages, type NodeContents } from './load-images.js';
import { mapOf } from '../../../system/plain-map.js';

export interface CaddyWish {
  /** The kind cluster. */
  readonly cluster: string;
  /** `caddy-ingress-image` of the spec. */
  readonly image?: string | undefined;
  /** `network.acme-email` of the spec. */
  readonly email?: string | undefined;
  /** What was already read of the cluster's nodes. */
  readonly contents?: NodeContents | undefined;
  /** False with --skip-cluster-management: an existing one is reconciled, but nothing is installed. */
  readonly install: boolean;
  /**
   * Wait until it is ready: if the deployment has host names. Otherwise it may take its time, or never get its image.
   */
  readonly wait: boolean;
  readonly deadline: Deadline;
  /** See WaitRequest. */
  readonly nodesStartedAt?: number | undefined;
}

/**
 * Reconciles the ingress controller of the kind cluster for this deployment: installs or updates it; the image is sent
 * from this host if it is here. Writes nothing if everything is up to date, and continues an install that stopped at
 * any point.
 * @throws LaconicError if it does not become ready
 */
export async function ensureCaddy(
  request: CaddyWish,
  api: ClusterApi,
  engine: Engine,
  context: Context,
): Promise<void> {
  const all = await findAll(api);
  const live = partsOf(all);
  if (live.deployment === undefined && !request.install) return;
  if (releaseOf(live.deployment) > caddyRelease) {
    context.report.verbose('Caddy was installed by a newer laconic-so: it is not changed');
  } else {
    await reconcile(caddySettings(live, request), all, live, request, { api, engine, context });
  }
  if (!request.wait) return;
  request.deadline.begin();
  await waitUntilReady({
    api,
    namespace: caddyNamespace,
    awaited: [{ kind: 'Deployment', name: caddyName }],
    deadline: request.deadline,
    schedulingTimeoutMs: 0,
    nodesStartedAt: request.nodesStartedAt,
    context,
  });
}

/** What {@link ensureCaddy} would do: the image it wants on the nodes, and a line per change. */
export interface CaddyPreview {
  readonly image: string;
  readonly lines: readonly string[];
}

/**
 * Previews {@link ensureCaddy}. Reads only.
 * @param api absent if the cluster does not exist yet
 * @returns undefined if Caddy is not touched
 */
export async function previewCaddy(
  request: Pick<CaddyWish, 'image' | 'email' | 'install'>,
  api: ClusterApi | undefined,
  engine: Engine,
): Promise<CaddyPreview | undefined> {
  const all = api === undefined ? new Map<string, LiveObject>() : await findAll(api);
  const live = partsOf(all);
  if (live.deployment === undefined && !request.install) return undefined;
  if (releaseOf(live.deployment) > caddyRelease) return undefined;
  const settings = caddySettings(live, request);
  const { image } = settings;
  if (live.deployment === undefined) return { image, lines: [`install the ingress controller (Caddy, ${image})`] };
  const objects = caddyObjects(await withImageId(settings, engine));
  const changed = objects.filter((object) => actionFor(object, all.get(keyOfObject(object))).do !== 'keep');
  return { image, lines: changed.map((object) => `change the ingress controller: ${describeObject(object)}`) };
}

async function withImageId(settings: CaddySettings, engine: Engine): Promise<CaddySettings> {
  const { image } = settings;
  const imageId = isBuilt(image) ? (await imageIdsOf(engine, [image])).get(image) : undefined;
  return { ...settings, ...(imageId !== undefined && { imageId }) };
}

/** Whether an image is built on this host: the nodes get the same one. */
export function isBuilt(image: string): boolean {
  return image.endsWith(':local');
}

function partsOf(all: ReadonlyMap<string, LiveObject>): LiveCaddy {
  return {
    deployment: all.get(`Deployment/${caddyName}`),
    configMap: all.get(`ConfigMap/${caddyConfigMap}`),
  };
}

/** The parts of a running Caddy that its settings depend on. */
export interface LiveCaddy {
  deployment?: LiveObject | undefined;
  configMap?: LiveObject | undefined;
}

/** Reads Caddy's objects, by kind and name. Their names do not depend on the settings. */
async function findAll(api: ClusterApi): Promise<Map<string, LiveObject>> {
  const objects = caddyObjects(caddySettings({}, {}));
  const found = await requestEach(objects, (object) =>
    api.get(typeOf(object), object.metadata.name, object.metadata.namespace),
  );
  return new Map(found.flatMap((object) => (object === undefined ? [] : [[keyOfObject(object), object]])));
}

function releaseOf(deployment: LiveObject | undefined): number {
  return Number(deployment?.metadata.annotations?.[releaseAnnotation] ?? 0);
}

/**
 * Returns the settings for Caddy. An image or e-mail address in a spec takes effect, that of the last start; a spec
 * without one keeps what another deployment or an operator chose. Pure.
 */
export function caddySettings(live: LiveCaddy, request: Pick<CaddyWish, 'image' | 'email'>): CaddySettings {
  const data = mapOf(live.configMap?.data);
  const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
  const chosen = request.image ?? imageChosenBefore(live.deployment);
  return {
    image: chosen ?? defaultCaddyImage,
    imageFrom: chosen === undefined || chosen === defaultCaddyImage ? 'default' : 'spec',
    email: request.email ?? text(data.email) ?? '',
    acmeAuthority: text(data.acmeCA) ?? defaultAcmeAuthority,
  };
}

/** The image chosen by a spec, or by the Python program, which does not record where it came from. */
function imageChosenBefore(deployment: LiveObject | undefined): string | undefined {
  if (deployment?.metadata.annotations?.[imageFromAnnotation] === 'default') return undefined;
  const found = podContainers(deployment ?? {}).find(({ name }) => name === caddyName);
  return typeof found?.image === 'string' ? found.image : undefined;
}

interface Tools {
  api: ClusterApi;
  engine: Engine;
  context: Context;
}

async function reconcile(
  settings: CaddySettings,
  all: ReadonlyMap<string, LiveObject>,
  live: LiveCaddy,
  request: CaddyWish,
  tools: Tools,
): Promise<void> {
  const { engine, context } = tools;
  const { image } = settings;
  const built = isBuilt(image);
  const imageId = (await loadImages(request.cluster, [{ image, built }], engine, context, request.contents)).get(image);
  const before = live.deployment === undefined ? undefined : caddySettings(live, {});
  if (before !== undefined && before.image !== image) {
    context.report.info(`Caddy in the kind cluster ${request.cluster}: image ${image} instead of ${before.image}`);
  }
  if (before !== undefined && before.email !== settings.email) {
    context.report.info(`Caddy in the kind cluster ${request.cluster}: the ACME e-mail is ${settings.email} now`);
  }
  const objects = caddyObjects({ ...settings, ...(built && imageId !== undefined ? { imageId } : {}) });
  for (const object of objects) await applyOne(object, all.get(keyOfObject(object)), tools);
}

async function applyOne(
  wanted: KubernetesObject,
  live: LiveObject | undefined,
  { api, context }: Tools,
): Promise<void> {
  const action = actionFor(wanted, live);
  if (action.do === 'create') {
    await writeObject(action, api, context).catch((error: unknown) => {
      // Another start is installing it now.
      if (!isConflict(error)) throw error;
    });
    return;
  }
  try {
    await writeObject(action, api, context);
  } catch (error) {
    // A deployment's start must not fail because somebody changed the shared ingress controller.
    if (!isConflict(error)) throw error;
    context.report.warn(`Caddy is not changed: ${error.message}`);
  }
}

function actionFor(wanted: KubernetesObject, live: LiveObject | undefined): Action {
  const object = stamped(withKnownImageIds(wanted, live));
  return live === undefined ? { do: 'create', object } : decide(object, live).action;
}

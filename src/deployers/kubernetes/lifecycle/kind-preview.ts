import type { Deployment } from '../../../deployment/access/open.js';
import type { Engine } from '../../../engine/connect.js';
import type { Context } from '../../../system/context.js';
import type { ClusterApi } from '../api/api.js';
import { wantedImages } from '../kind/pod-images.js';
import type { PreparedInput } from '../input/prepare.js';
import { isBuilt, previewCaddy } from '../kind/caddy.js';
import type { KindNode } from '../kind/clusters.js';
import { previewImages } from '../kind/load-images.js';

/** The kind cluster of a dry run, and the engine that it is on. */
export interface KindPlace {
  readonly engine: Engine;
  readonly name: string;
  /** Empty, without `api`, if it does not exist yet. */
  readonly nodes: readonly KindNode[];
  readonly api?: ClusterApi;
}

/**
 * Returns what a start does on a kind cluster before it applies the objects, one line each: the images that are sent to
 * its nodes, and the ingress controller. Reads only.
 * @param manage whether the start may create the cluster and install Caddy
 */
export async function kindLines(
  { engine, name, nodes, api }: KindPlace,
  { objects, input }: Pick<PreparedInput, 'objects' | 'input'>,
  { spec, stack }: Deployment,
  manage: boolean,
  context: Context,
): Promise<string[]> {
  const caddy = await previewCaddy(
    { image: spec.caddyIngressImage, email: spec.acmeEmail, install: manage },
    api,
    engine,
  );
  const wanted = [
    ...wantedImages(objects, stack.containers, new Set(input.imageOverrides.values())),
    ...(caddy === undefined ? [] : [{ image: caddy.image, built: isBuilt(caddy.image) }]),
  ];
  const sent = await previewImages(name, nodes, wanted, engine, context);
  return [
    ...[...sent].flatMap(([node, images]) => (images.length === 0 ? [] : [`send to ${node}: ${images.join(', ')}`])),
    ...(caddy?.lines ?? []),
  ];
}

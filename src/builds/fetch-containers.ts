import { connectEngine, type Engine } from '../engine/connect.js';
import { type EngineFacts, engineFacts, pullByDigest, tagImage } from '../engine/image-transfer.js';
import { findImage } from '../engine/images.js';
import type { Credentials } from '../images/credentials.js';
import { engineLogin } from '../images/push.js';
import { type ImageReference, parseImage } from '../images/reference.js';
import { explainPull } from '../images/refusals.js';
import { HttpClient } from '../images/registry/http.js';
import { type Newest, newestImage } from '../images/registry/newest.js';
import { Registry } from '../images/registry/registry.js';
import { transferProgress } from '../images/transfer-progress.js';
import type { Context } from '../system/context.js';
import { InterruptedError, isExplained, LaconicError, UsageError } from '../system/errors.js';
import { containerNameProblem, imageOf } from './recipe/image-name.js';

/** Where images are fetched from. */
export interface ImageSource {
  /** `ghcr.io`, `localhost:5000`, `docker.io` */
  registry: string;
  /** The beginning of repository names: `org`; of any depth, possibly empty. */
  prefix: string;
}

/** The outcome for a container. */
export interface FetchResult {
  container: string;
  /** `org/name:local` */
  image: string;
  /** `present`: it was on this host already. `missing`: the registry has no image for this platform. */
  outcome: 'fetched' | 'present' | 'missing' | 'failed' | 'skipped';
  /** `ghcr.io/org/name:tag` */
  source?: string;
  digest?: string;
  error?: string;
}

/** Number of concurrent pulls. */
const concurrency = 3;

/**
 * Parses `--image-registry`: `host`, `host/org`, `host:port/more/parts`.
 * @throws UsageError
 */
export function parseImageSource(text: string): ImageSource {
  const trimmed = text.replace(/\/+$/, '');
  const [registry = '', ...path] = trimmed.split('/');
  const reference: ImageReference | undefined = parseImage(`${trimmed}/name`);
  if (reference?.registry === undefined || reference.tag !== undefined) {
    const scheme = /^https?:\/\//.test(text) ? ', without https://' : '';
    throw new UsageError(
      `--image-registry: ${text} is not a registry: write host/org, such as ghcr.io/my-org${scheme}`,
    );
  }
  return { registry, prefix: path.join('/') };
}

interface Fetcher {
  source: ImageSource;
  registry: Registry;
  engine: Engine;
  facts: EngineFacts;
  credentials: Credentials | undefined;
  force: boolean;
}

/**
 * Fetches the newest image of each container from a registry and tags it `:local`. An image that exists on this host is
 * kept without asking the registry, unless `force` is set. A failure is reported immediately and does not stop other
 * fetches.
 * @throws LaconicError for names that are not valid, an engine or a registry that does not answer, or a refused login
 */
export async function fetchContainers(
  containers: readonly string[],
  source: ImageSource,
  options: { credentials: Credentials | undefined; force: boolean },
  context: Context,
): Promise<FetchResult[]> {
  const problems = containers.flatMap((container) => containerNameProblem(container) ?? []);
  if (problems.length > 0) throw new LaconicError(problems.join('\n'));
  if (context.options.dryRun) return containers.map((container) => plan(container, source, options.force, context));

  const engine = await connectEngine(context);
  const results: FetchResult[] = [];
  const wanted: [number, string][] = [];
  for (const [position, container] of containers.entries()) {
    const present = await findImage(engine, imageOf(container));
    if (present === undefined || options.force) wanted.push([position, container]);
    else results[position] = keep(container, present.id, context);
  }
  if (wanted.length === 0) return results;

  const facts = await engineFacts(engine);
  const registry = await open(source.registry, options.credentials, facts, context);
  const fetcher: Fetcher = { source, registry, engine, facts, ...options };
  const worker = async (): Promise<void> => {
    for (let next = wanted.shift(); next !== undefined; next = wanted.shift()) {
      if (context.signal.aborted) throw new InterruptedError();
      const [position, container] = next;
      results[position] = await fetchOne(container, fetcher, context);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  context.report.endProgress();
  return results;
}

async function open(
  host: string,
  credentials: Credentials | undefined,
  facts: EngineFacts,
  context: Context,
): Promise<Registry> {
  const insecure = facts.isInsecure(host);
  const registry = await Registry.open({ host, insecure, credentials }, new HttpClient(context));
  if (registry.plain && credentials !== undefined && !/^(?:localhost|127\.|\[::1\])/.test(host)) {
    context.report.warn(`${host} supports only http: the login is sent unencrypted`);
  }
  return registry;
}

function plan(container: string, { registry, prefix }: ImageSource, force: boolean, { report }: Context): FetchResult {
  const name = [registry, prefix, container].filter((part) => part !== '').join('/');
  const unless = force ? '' : ', unless it exists here';
  report.print(`would fetch the newest image of ${name} as ${imageOf(container)}${unless}`);
  return { container, image: imageOf(container), outcome: 'skipped' };
}

function keep(container: string, id: string, { report }: Context): FetchResult {
  const image = imageOf(container);
  report.info(`${image} is here already (${id.slice(0, 19)}) and is kept: --force-local-overwrite replaces it`);
  return { container, image, outcome: 'present' };
}

async function fetchOne(container: string, fetcher: Fetcher, context: Context): Promise<FetchResult> {
  const { report } = context;
  const image = imageOf(container);
  try {
    report.progress(container, 'looking for the newest image');
    const repository = [fetcher.source.prefix, container].filter((part) => part !== '').join('/');
    const { image: newest, broken } = await newestImage(fetcher.registry, repository, fetcher.facts);
    if (broken.length > 0) report.warn(`${container}: ${passedOver(broken)}`);
    const name = `${fetcher.source.registry}/${repository}`;
    if (newest === undefined) {
      report.progress(container, `no image for ${fetcher.facts.os}/${fetcher.facts.architecture}`, 'failed');
      report.warn(`no image found to fetch for container: ${container}`);
      return { container, image, outcome: 'missing', error: `${name} has no image for this platform` };
    }
    const source = `${name}:${newest.tag}`;
    report.verbose(`Pulling ${source}@${newest.digest}`);
    await pull(name, newest.digest, container, fetcher, context);
    await tagImage(fetcher.engine, `${name}@${newest.digest}`, name, newest.tag);
    await tagImage(fetcher.engine, `${name}@${newest.digest}`, ...split(image));
    report.progress(container, `fetched ${source}, ${newest.digest}`, 'done');
    return { container, image, outcome: 'fetched', source, digest: newest.digest };
  } catch (error) {
    if (!isExplained(error)) throw error;
    report.progress(container, 'failed', 'failed');
    report.error(`${container}: ${error.message}${error.hint === undefined ? '' : `\n${error.hint}`}`);
    return { container, image, outcome: 'failed', error: error.message };
  }
}

/** Lists the skipped tags on one line. */
function passedOver(broken: Newest['broken']): string {
  const shown = broken.slice(0, 3).map(({ tag, why }) => `tag ${tag} is skipped: ${why}`);
  const more = broken.length - shown.length;
  return `${shown.join('; ')}${more === 0 ? '' : `; and ${more} more tags`}`;
}

async function pull(
  name: string,
  digest: string,
  container: string,
  { engine, source, credentials }: Fetcher,
  { report, signal }: Context,
): Promise<void> {
  const login = engineLogin(source.registry, credentials);
  const onProgress = transferProgress(container, report);
  report.progress(container, 'pulling');
  try {
    await pullByDigest(engine, name, digest, { login, signal, onProgress });
  } catch (error) {
    if (!isExplained(error)) throw error;
    const { why, hint } = explainPull(name, error.message);
    if (hint === undefined) throw error;
    report.verbose(error.message);
    throw new LaconicError(`cannot pull ${name}@${digest}: ${why}`, { hint, cause: error });
  }
}

/** Splits `org/name:local` into name and tag. */
function split(image: string): [name: string, tag: string] {
  const at = image.lastIndexOf(':');
  return [image.slice(0, at), image.slice(at + 1)];
}

import { BlockList, isIP } from 'node:net';
import { forEachLine } from '../system/process/process.js';
import { InterruptedError, LaconicError } from '../system/errors.js';
import type { Readable } from 'node:stream';
import { ask, type Engine } from './connect.js';

/** A login that is sent to the engine with each request; the engine does not store it. */
export interface EngineLogin {
  username: string;
  password: string;
  identitytoken?: string;
  serveraddress: string;
}

export interface TransferOptions {
  login: EngineLogin | undefined;
  signal: AbortSignal;
  /** Called with the current activity and the percentage done; absent if the engine does not report it. */
  onProgress: (state: string, percent: number | undefined) => void;
}

/** The engine's platform, and which registries it contacts without TLS. */
export interface EngineFacts {
  os: string;
  architecture: string;
  /** Whether a registry (`host:port`) is in the engine's `insecure-registries`, or on the engine's own host. */
  isInsecure: (registry: string) => boolean;
}

/** Queries the engine's platform and registry configuration. */
export async function engineFacts(engine: Engine): Promise<EngineFacts> {
  const [version, info] = await ask(engine, 'cannot ask the engine about itself', async () =>
    Promise.all([engine.docker.version(), engine.docker.info() as Promise<EngineInfo>]),
  );
  return { os: version.Os, architecture: version.Arch, isInsecure: insecureBy(info.RegistryConfig ?? {}) };
}

interface RegistryConfig {
  InsecureRegistryCIDRs?: string[] | null;
  IndexConfigs?: Record<string, { Secure?: boolean } | undefined> | null;
}

interface EngineInfo {
  RegistryConfig?: RegistryConfig;
}

/** Whether a registry is insecure, decided as the engine does: by name and port, or by address. */
export function insecureBy(config: RegistryConfig): (registry: string) => boolean {
  const ranges = new BlockList();
  for (const range of config.InsecureRegistryCIDRs ?? []) {
    const [address = '', bits = ''] = range.split('/');
    const version = isIP(address);
    if (version !== 0) ranges.addSubnet(address, Number(bits), version === 6 ? 'ipv6' : 'ipv4');
  }
  return (registry) => {
    const named = config.IndexConfigs?.[registry];
    if (named !== undefined) return named.Secure === false;
    const host = registry.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
    if (host === 'localhost') return true;
    const version = isIP(host);
    return version !== 0 && ranges.check(host, version === 6 ? 'ipv6' : 'ipv4');
  };
}

/**
 * Pulls an image by its digest, which the engine verifies.
 * @param name without tag: `ghcr.io/org/name`
 * @throws LaconicError with the engine's message; InterruptedError
 */
export async function pullByDigest(
  engine: Engine,
  name: string,
  digest: string,
  options: TransferOptions,
): Promise<void> {
  const { login, signal } = options;
  await transfer(engine, `cannot pull ${name}@${digest}`, options, () =>
    engine.docker.createImage({
      fromImage: name,
      tag: digest,
      ...(login && { authconfig: login }),
      abortSignal: signal,
    }),
  );
}

/**
 * Pushes an image that has this name on the engine. Layers that the registry has already are not sent again.
 * @returns its digest in the registry
 * @throws LaconicError with the engine's message; InterruptedError
 */
export async function pushImage(
  engine: Engine,
  name: string,
  tag: string,
  { login, ...options }: TransferOptions,
): Promise<string> {
  // Without a login the engine expects an empty one.
  const authconfig = login ?? ({} as EngineLogin);
  const what = `cannot push ${name}:${tag}`;
  const digest = await transfer(engine, what, { login, ...options }, () =>
    engine.docker.getImage(name).push({ tag, authconfig, abortSignal: options.signal }),
  );
  if (digest === undefined) throw new LaconicError(`${what}: the engine did not report the digest of the pushed image`);
  return digest;
}

/** Adds a tag to an image. */
export async function tagImage(engine: Engine, image: string, name: string, tag: string): Promise<void> {
  await ask(engine, `cannot tag ${image} as ${name}:${tag}`, () =>
    engine.docker.getImage(image).tag({ repo: name, tag }),
  );
}

/** A line of the engine's stream during a pull or push. */
interface Event {
  status?: string;
  id?: string;
  progressDetail?: { current?: number; total?: number };
  error?: string;
  aux?: { Digest?: string };
}

async function transfer(
  engine: Engine,
  what: string,
  { signal, onProgress }: TransferOptions,
  begin: () => Promise<NodeJS.ReadableStream>,
): Promise<string | undefined> {
  const layers = new Map<string, { current: number; total: number }>();
  let digest: string | undefined;
  let failure: string | undefined;
  const take = (line: string): void => {
    if (line.trim() === '') return;
    const event = parseEvent(line);
    if (event === undefined) failure ??= `the engine's answer is truncated: ${line}`;
    const { status, id, progressDetail, error, aux } = event ?? {};
    if (error !== undefined) failure = error;
    digest = aux?.Digest ?? digest;
    if (id === undefined || status === undefined) return;
    if (progressDetail?.total !== undefined && progressDetail.total > 0) {
      layers.set(id, { current: progressDetail.current ?? 0, total: progressDetail.total });
    }
    onProgress(status.toLowerCase(), percentOf(layers));
  };
  await ask(engine, what, async () => {
    try {
      const stream = (await begin()) as Readable;
      await new Promise<void>((resolve, reject) => {
        stream.on('error', reject);
        stream.on('close', () => reject(new Error('the engine closed the connection')));
        stream.on('end', resolve);
        forEachLine(stream, take);
      });
    } catch (error) {
      throw signal.aborted ? new InterruptedError() : error;
    }
  });
  if (failure !== undefined) throw new LaconicError(`${what}: ${failure}`);
  return digest;
}

/** Undefined for an incomplete line: the engine stopped in the middle of it. */
function parseEvent(line: string): Event | undefined {
  try {
    return JSON.parse(line) as Event;
  } catch {
    return undefined;
  }
}

function percentOf(layers: ReadonlyMap<string, { current: number; total: number }>): number | undefined {
  let current = 0;
  let total = 0;
  for (const layer of layers.values()) {
    current += Math.min(layer.current, layer.total);
    total += layer.total;
  }
  return total === 0 ? undefined : Math.floor((100 * current) / total);
}

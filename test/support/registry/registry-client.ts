import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { gzipSync } from 'node:zlib';

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

export interface ClientOptions {
  url: string;
  /** The file of the authority's certificate. */
  authority: string | undefined;
  user: { name: string; password: string } | undefined;
}

/** The identity of a manifest or a blob. */
export interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
}

export interface Platform {
  os: string;
  architecture: string;
  variant?: string;
}

/** Media types of one family of manifests: Docker's or those of the OCI. */
const mediaTypes = {
  docker: {
    list: 'application/vnd.docker.distribution.manifest.list.v2+json',
    manifest: 'application/vnd.docker.distribution.manifest.v2+json',
    config: 'application/vnd.docker.container.image.v1+json',
    layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  },
  oci: {
    list: 'application/vnd.oci.image.index.v1+json',
    manifest: 'application/vnd.oci.image.manifest.v1+json',
    config: 'application/vnd.oci.image.config.v1+json',
    layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  },
} as const;

export type Family = keyof typeof mediaTypes;

/** An empty tar archive, which every engine accepts as a layer. */
const emptyLayer = Buffer.alloc(1024);

/**
 * A client for a registry's HTTP API, independent of the program's own: for images that docker cannot create, and for
 * checking those it created.
 */
export class RegistryClient {
  readonly url: string;
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.url = options.url;
    this.#options = options;
  }

  /** Waits until it answers. */
  async answers(): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      const answer = await this.#once('GET', '/v2/', {}).catch((error: unknown) => error);
      if (!(answer instanceof Error)) return;
      if (attempt === 100) throw new Error(`no registry at ${this.url}`, { cause: answer });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Tags of a repository, sorted; empty when it does not exist. */
  async tags(repository: string): Promise<string[]> {
    const { status, body } = await this.#ask('GET', `/v2/${repository}/tags/list`);
    if (status === 404) return [];
    return ((JSON.parse(body.toString('utf8')) as { tags: string[] | null }).tags ?? []).sort();
  }

  /** The digest of a tag, computed from what the registry returns, or undefined when the tag does not exist. */
  async digest(repository: string, tag: string): Promise<string | undefined> {
    const accept = Object.values(mediaTypes).flatMap(({ list, manifest }) => [list, manifest]);
    const { status, body } = await this.#ask('GET', `/v2/${repository}/manifests/${tag}`, { accept: accept.join(',') });
    return status === 404 ? undefined : digestOf(body);
  }

  /** An image for one platform, made unique by a label. It cannot be run. */
  async pushImage(
    repository: string,
    reference: string | undefined,
    platform: Platform,
    label: string,
    family: Family = 'docker',
  ): Promise<Descriptor & { platform: Platform }> {
    const names = mediaTypes[family];
    const config = {
      ...platform,
      config: { Labels: { label }, Cmd: ['/none'] },
      rootfs: { type: 'layers', diff_ids: [digestOf(emptyLayer)] },
      history: [{ created_by: label }],
    };
    const manifest = {
      schemaVersion: 2,
      mediaType: names.manifest,
      config: await this.pushBlob(repository, Buffer.from(JSON.stringify(config)), names.config),
      layers: [await this.pushBlob(repository, gzipSync(emptyLayer), names.layer)],
    };
    return { ...(await this.pushManifest(repository, reference, manifest)), platform };
  }

  /** A list (Docker) or index (OCI) of existing images. */
  async pushList(
    repository: string,
    reference: string,
    manifests: readonly (Descriptor & { platform?: Platform })[],
    family: Family = 'docker',
  ): Promise<Descriptor> {
    return this.pushManifest(repository, reference, {
      schemaVersion: 2,
      mediaType: mediaTypes[family].list,
      manifests,
    });
  }

  /**
   * Any JSON that the registry accepts as a manifest.
   * @param reference without it, the manifest is known by its digest only
   */
  async pushManifest(
    repository: string,
    reference: string | undefined,
    manifest: { mediaType: string; schemaVersion: number; [more: string]: unknown },
  ): Promise<Descriptor> {
    const body = Buffer.from(JSON.stringify(manifest));
    const digest = digestOf(body);
    const answer = await this.#ask('PUT', `/v2/${repository}/manifests/${reference ?? digest}`, {
      'content-type': manifest.mediaType,
      body,
    });
    if (answer.status !== 201) throw new Error(`manifest: ${answer.status} ${answer.body.toString('utf8')}`);
    return { mediaType: manifest.mediaType, digest, size: body.length };
  }

  async pushBlob(repository: string, content: Buffer, mediaType: string): Promise<Descriptor> {
    const digest = digestOf(content);
    const begun = await this.#ask('POST', `/v2/${repository}/blobs/uploads/`);
    const place = new URL(String(begun.headers.location), this.url);
    place.searchParams.set('digest', digest);
    const answer = await this.#ask('PUT', place.pathname + place.search, {
      'content-type': 'application/octet-stream',
      body: content,
    });
    if (answer.status !== 201) throw new Error(`blob: ${answer.status} ${answer.body.toString('utf8')}`);
    return { mediaType, digest, size: content.length };
  }

  async deleteManifest(repository: string, digest: string): Promise<void> {
    const { status } = await this.#ask('DELETE', `/v2/${repository}/manifests/${digest}`);
    if (status !== 202) throw new Error(`delete: ${status}`);
  }

  /** Logs in as the registry requires: with the password, or with a token for this request. */
  async #ask(method: string, path: string, given: Record<string, string | Buffer> = {}): Promise<Answer> {
    const first = await this.#once(method, path, given);
    const { user } = this.#options;
    const challenge = String(first.headers['www-authenticate'] ?? '');
    if (first.status !== 401 || user === undefined) return first;
    const basic = `Basic ${Buffer.from(`${user.name}:${user.password}`).toString('base64')}`;
    if (challenge.startsWith('Basic')) return this.#once(method, path, { ...given, authorization: basic });
    const part = (name: string): string => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1] ?? '';
    const query = new URLSearchParams({ service: part('service'), scope: part('scope') });
    const answer = await fetch(`${part('realm')}?${query.toString()}`, { headers: { authorization: basic } });
    const { token } = (await answer.json()) as { token: string };
    return this.#once(method, path, { ...given, authorization: `Bearer ${token}` });
  }

  async #once(method: string, path: string, { body, ...headers }: Record<string, string | Buffer>): Promise<Answer> {
    const { authority } = this.#options;
    const ca = authority === undefined ? undefined : readFileSync(authority);
    const length = body === undefined ? { 'content-length': '0' } : { 'content-length': String(body.length) };
    return new Promise((resolve, reject) => {
      const options = { method, headers: { ...headers, ...length } as Record<string, string>, agent: false as const };
      const url = new URL(path, this.url);
      const send = url.protocol === 'https:' ? httpsRequest(url, { ...options, ca }) : httpRequest(url, options);
      send.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
        );
      });
      send.on('error', reject);
      send.end(body);
    });
  }
}

/** `sha256:…` of these bytes. */
export function digestOf(content: Buffer | string): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

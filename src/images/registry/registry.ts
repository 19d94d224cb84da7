import { createHash } from 'node:crypto';
import { errorCode } from '../../system/errors.js';
import type { Credentials } from '../credentials.js';
import { hub } from '../reference.js';
import {
  type ImageConfig,
  type ImageManifest,
  nextPage,
  readImageConfig,
  readImageManifest,
  readTags,
  RegistryError,
  wordsOf,
} from './answers.js';
import { type Authorization, Authorizer } from './authorizer.js';
import { type HttpAnswer, type HttpClient, NoAnswer } from './http.js';

export interface RegistryAddress {
  /** As in image names: `ghcr.io`, `localhost:5000`, `docker.io`. */
  host: string;
  /** Plain http is allowed if it does not speak TLS: on this machine, or in the engine's `insecure-registries`. */
  insecure: boolean;
  credentials: Credentials | undefined;
}

/** The manifest of an image in a registry. */
export interface FoundManifest {
  manifest: ImageManifest;
  /** `sha256:…`, computed from the received content. */
  digest: string;
}

const manifestTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** Page size of the list of tags; registries that return fewer name the next page. */
const pageSize = 1000;
const mostPages = 1000;
const mostRedirections = 5;

/** A client of the OCI distribution specification's HTTP API. Read-only. */
export class Registry {
  readonly host: string;
  /** All requests use plain http. */
  readonly plain: boolean;
  readonly #base: URL;
  readonly #http: HttpClient;
  readonly #authorizer: Authorizer;

  private constructor(address: RegistryAddress, base: URL, http: HttpClient, authorizer: Authorizer) {
    this.host = address.host;
    this.plain = base.protocol === 'http:';
    this.#base = base;
    this.#http = http;
    this.#authorizer = authorizer;
  }

  /**
   * Finds out how to reach a registry, and whether it accepts these credentials.
   * @throws RegistryError if it does not exist, is not a registry, or refuses them; InterruptedError
   */
  static async open(address: RegistryAddress, http: HttpClient): Promise<Registry> {
    const name = address.host === hub ? 'registry-1.docker.io' : address.host;
    const { base, answer } = await reach(name, address, http);
    const authorizer = new Authorizer(address.host, base, address.credentials, http);
    if (answer.status === 401) await authorizer.check(answer);
    else if (answer.status !== 200) {
      throw new RegistryError(`${address.host} is not an image registry: it answers /v2/ with ${wordsOf(answer)}`);
    }
    return new Registry(address, base, http, authorizer);
  }

  /** Lists all tags of a repository, in no particular order; undefined if there is no such repository. */
  async tags(repository: string): Promise<string[] | undefined> {
    const what = `cannot list the tags of ${this.host}/${repository}`;
    const tags: string[] = [];
    let next: string | undefined = `/v2/${this.#path(repository)}/tags/list?n=${pageSize}`;
    for (let page = 0; next !== undefined; page += 1) {
      const url: URL = new URL(next, this.#base);
      // The token must not be sent to another host.
      if (url.origin !== this.#base.origin || page === mostPages) {
        throw new RegistryError(`${what}: the registry names as the next page ${url.href}`);
      }
      const answer = await this.#get(url, repository);
      if (answer.status === 404) return undefined;
      if (answer.status !== 200) throw this.#refusal(what, answer);
      tags.push(...readTags(answer, what));
      const link = nextPage(answer.headers.link);
      next = link === undefined ? undefined : new URL(link, url).href;
    }
    return tags;
  }

  /** Reads the manifest of a tag or digest; undefined if there is none. */
  async manifest(repository: string, reference: string): Promise<FoundManifest | undefined> {
    const what = `cannot read the manifest ${reference} of ${this.host}/${repository}`;
    const url = new URL(`/v2/${this.#path(repository)}/manifests/${reference}`, this.#base);
    const answer = await this.#get(url, repository, manifestTypes);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw this.#refusal(what, answer);
    const digest = digestOf(answer.body);
    const expected = reference.startsWith('sha256:') ? reference : answer.headers['docker-content-digest'];
    if (typeof expected === 'string' && expected.startsWith('sha256:') && expected !== digest) {
      throw new RegistryError(`${what}: the content has the digest ${digest}, not ${expected}`, {
        hint: 'the registry, or a proxy on the way to it, serves something else',
      });
    }
    return { manifest: readImageManifest(answer, what), digest };
  }

  /** Reads the configuration of an image, which names its platform. */
  async imageConfig(repository: string, digest: string): Promise<ImageConfig> {
    const what = `cannot read the configuration ${digest} of ${this.host}/${repository}`;
    const url = new URL(`/v2/${this.#path(repository)}/blobs/${digest}`, this.#base);
    const answer = await this.#get(url, repository);
    if (answer.status !== 200) throw this.#refusal(what, answer);
    if (digestOf(answer.body) !== digest) throw new RegistryError(`${what}: the content does not match the digest`);
    return readImageConfig(answer, what);
  }

  /** Docker's official images are in `library/`. */
  #path(repository: string): string {
    return this.host === hub && !repository.includes('/') ? `library/${repository}` : repository;
  }

  async #get(url: URL, repository: string, accept?: string): Promise<HttpAnswer> {
    const headers: Record<string, string> = accept === undefined ? {} : { accept };
    let authorization: Authorization | undefined = this.#authorizer.known(repository);
    let answer = await this.#follow(url, { ...headers, ...authorization });
    if (answer.status === 401) {
      authorization = await this.#authorizer.authorize(answer, repository);
      if (authorization !== undefined) answer = await this.#follow(url, { ...headers, ...authorization });
    }
    return answer;
  }

  /** Follows redirects, since blobs are often stored elsewhere; the token is not sent to other hosts. */
  async #follow(from: URL, headers: Record<string, string>): Promise<HttpAnswer> {
    let url = from;
    for (let hops = 0; ; hops += 1) {
      const sent = { ...headers };
      if (url.origin !== from.origin) delete sent.authorization;
      const answer = await sendTo(this.host, this.#http, url, sent);
      const { location } = answer.headers;
      if (answer.status < 300 || answer.status > 399 || location === undefined) return answer;
      const next = new URL(location, url);
      if (hops === mostRedirections) throw new RegistryError(`${this.host} redirects in a circle, to ${next.href}`);
      if (url.protocol === 'https:' && next.protocol !== 'https:') {
        throw new RegistryError(`${this.host} redirects to ${next.origin}, which is not encrypted`);
      }
      url = next;
    }
  }

  #refusal(what: string, answer: HttpAnswer): RegistryError {
    const { status } = answer;
    const options = { status, ...hintFor(status, this.host, this.#authorizer.anonymous) };
    return new RegistryError(`${what}: ${wordsOf(answer)}`, options);
  }
}

function hintFor(status: number, host: string, anonymous: boolean): { hint?: string } {
  if (status === 429) return { hint: `${host} allows no more requests for now: wait, or log in for a higher limit` };
  if (status !== 401 && status !== 403) return {};
  return {
    hint: anonymous
      ? `it does not exist, or a login is required: docker login ${host}, or --registry-username`
      : 'it does not exist, or this user may not read it',
  };
}

async function reach(
  name: string,
  { host, insecure }: RegistryAddress,
  http: HttpClient,
): Promise<{ base: URL; answer: HttpAnswer }> {
  const secure = address('https', name);
  try {
    return { base: secure, answer: await http.send({ url: new URL('/v2/', secure) }) };
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    // Some servers that speak only http close the connection on a TLS handshake.
    const plain = error.notTls || errorCode(error.cause) === 'ECONNRESET';
    if (!plain || !insecure) throw unreachable(host, error, plain);
  }
  const base = address('http', name);
  return { base, answer: await sendTo(host, http, new URL('/v2/', base), {}) };
}

function address(scheme: string, name: string): URL {
  try {
    return new URL(`${scheme}://${name}`);
  } catch (error) {
    throw new RegistryError(`${name} is not the address of a registry`, { cause: error });
  }
}

async function sendTo(host: string, http: HttpClient, url: URL, headers: Record<string, string>): Promise<HttpAnswer> {
  try {
    return await http.send({ url, headers });
  } catch (error) {
    throw error instanceof NoAnswer ? unreachable(host, error, false) : error;
  }
}

function unreachable(host: string, error: NoAnswer, plain: boolean): RegistryError {
  const untrusted = error.message.includes('authority');
  const hint = plain
    ? "only registries on this machine and those of the engine's insecure-registries are contacted without TLS"
    : untrusted
      ? 'set NODE_EXTRA_CA_CERTS=FILE to trust its authority; for the engine, put it into /etc/docker/certs.d/<registry>/ca.crt'
      : "check the registry's name, the network, and HTTPS_PROXY, HTTP_PROXY and NO_PROXY";
  return new RegistryError(`the registry ${host} cannot be reached: ${error.message}`, { hint, cause: error });
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

import type { Readable } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import { type Plain, writeJsonForYaml } from '../../../system/yaml/plain-yaml.js';
import type { KubernetesObject } from '../objects/common/object.js';
import type { ServerSideApplyOptions, ClusterApi, DeleteOptions, ListQuery, LiveObject, ResourceType } from './api.js';
import { refused } from './errors.js';
import { maskFor } from './object-secrets.js';
import { describeTarget, resourcePath, typeOf } from './resources.js';
import type { ApiRequest, HttpTransport } from './transport.js';
import { followObjects } from './watch.js';

/** Objects per page of a list. */
const pageSize = 500;
/** Followed output may be silent for long; only a dead connection, detected by keep-alive, ends it. */
const neverIdle = 0;

/** Creates the ClusterApi of one API server. `warn` receives the server's warnings about what is written. */
export function createClusterApi(
  transport: HttpTransport,
  description: string,
  ended: AbortSignal,
  warn: (text: string) => void,
): ClusterApi {
  const client = new Client(transport, warn);
  return {
    description,
    get: (type, name, namespace) => client.get(type, name, namespace),
    list: async (type, query) => (await client.list(type, query)).items,
    apply: (object, options) => client.apply(object, options),
    create: (object, fieldManager, dryRun) => client.create(object, fieldManager, dryRun),
    patch: (type, name, namespace, patch, fieldManager) => client.patch(type, name, namespace, patch, fieldManager),
    delete: (type, name, namespace, options) => client.delete(type, name, namespace, options),
    watch: (type, query, signal) => followObjects(client, type, query, AbortSignal.any([signal, ended])),
    review: (question, plural) => client.review(question, plural),
    text: (path, query) => client.text(path, query),
    stream: (path, query, signal) => client.stream(path, query, signal),
  };
}

/** A list and its resource version. */
export interface ListAnswer {
  items: LiveObject[];
  resourceVersion: string;
}

/** One method per kind of request; a refusal of the server becomes a ClusterError. */
export class Client {
  readonly #transport: HttpTransport;
  readonly #warn: (text: string) => void;
  readonly #warned = new Set<string>();

  constructor(transport: HttpTransport, warn: (text: string) => void) {
    this.#transport = transport;
    this.#warn = warn;
  }

  async get(type: ResourceType, name: string, namespace?: string): Promise<LiveObject | undefined> {
    const what = `cannot read ${describeTarget(type, name, namespace)}`;
    const path = resourcePath(type, namespace, name);
    const { status, body } = await this.#transport.send({ method: 'GET', path, repeatable: true, what });
    if (status === 404) return undefined;
    if (status !== 200) throw refused(what, status, body);
    return parse<LiveObject>(body);
  }

  async list(type: ResourceType, query: ListQuery): Promise<ListAnswer> {
    const what = `cannot list ${type.plural}${query.namespace === undefined ? '' : ` in namespace ${query.namespace}`}`;
    const path = resourcePath(type, query.namespace);
    const items: LiveObject[] = [];
    let next: string | undefined;
    for (;;) {
      const paged = {
        ...selectors(query),
        limit: String(pageSize),
        ...(next === undefined ? {} : { continue: next }),
      };
      const answer = await this.#transport.send({ method: 'GET', path, query: paged, repeatable: true, what });
      // The continue token of a list that took too long has expired.
      if (answer.status === 410 && next !== undefined) {
        items.length = 0;
        next = undefined;
        continue;
      }
      if (answer.status !== 200) throw refused(what, answer.status, answer.body);
      const page = parse<{ items: LiveObject[] | null; metadata: { resourceVersion: string; continue?: string } }>(
        answer.body,
      );
      // The items of a list do not include their kind.
      for (const item of page.items ?? []) items.push({ ...item, apiVersion: type.apiVersion, kind: type.kind });
      next = page.metadata.continue;
      if (next === undefined || next === '') return { items, resourceVersion: page.metadata.resourceVersion };
    }
  }

  async apply(object: KubernetesObject, options: ServerSideApplyOptions): Promise<LiveObject> {
    return this.#write(object, `cannot apply ${describe(object)}`, {
      method: 'PATCH',
      query: {
        fieldManager: options.fieldManager,
        force: String(options.force),
        ...(options.dryRun === true ? { dryRun: 'All' } : {}),
      },
      // JSON is YAML; this content type is understood by every version.
      contentType: 'application/apply-patch+yaml',
      repeatable: true,
    });
  }

  async create(object: KubernetesObject, fieldManager: string, dryRun = false): Promise<LiveObject> {
    return this.#write(object, `cannot create ${describe(object)}`, {
      method: 'POST',
      query: { fieldManager, ...(dryRun ? { dryRun: 'All' } : {}) },
      repeatable: dryRun,
    });
  }

  async #write(
    object: KubernetesObject,
    what: string,
    request: Pick<ApiRequest, 'method' | 'query' | 'contentType' | 'repeatable'>,
  ): Promise<LiveObject> {
    const { name, namespace } = object.metadata;
    const path = resourcePath(typeOf(object), namespace, request.method === 'POST' ? undefined : name);
    // An apply is parsed as YAML, where characters that JSON leaves unescaped are folded or refused.
    const body = writeJsonForYaml(object as Plain);
    const answer = await this.#transport.send({ ...request, path, body, what });
    const mask = maskFor(object);
    if (answer.status !== 200 && answer.status !== 201) throw refused(what, answer.status, answer.body, mask);
    for (const text of answer.warnings) this.#tell(`${describe(object)}: ${mask(text)}`);
    return parse<LiveObject>(answer.body);
  }

  /** A warning of both the check and the apply is shown once. */
  #tell(warning: string): void {
    if (this.#warned.has(warning)) return;
    this.#warned.add(warning);
    this.#warn(warning);
  }

  async patch(
    type: ResourceType,
    name: string,
    namespace: string | undefined,
    patch: object,
    fieldManager: string,
  ): Promise<LiveObject> {
    const what = `cannot change ${describeTarget(type, name, namespace)}`;
    const answer = await this.#transport.send({
      method: 'PATCH',
      path: resourcePath(type, namespace, name),
      query: { fieldManager },
      contentType: Array.isArray(patch) ? 'application/json-patch+json' : 'application/merge-patch+json',
      body: JSON.stringify(patch),
      repeatable: !Array.isArray(patch),
      what,
    });
    if (answer.status !== 200) throw refused(what, answer.status, answer.body);
    return parse<LiveObject>(answer.body);
  }

  async delete(
    type: ResourceType,
    name: string,
    namespace: string | undefined,
    options: DeleteOptions = {},
  ): Promise<boolean> {
    const what = `cannot delete ${describeTarget(type, name, namespace)}`;
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: options.propagation ?? 'Background',
      gracePeriodSeconds: options.graceSeconds,
      preconditions: options.uid === undefined ? undefined : { uid: options.uid },
    };
    const answer = await this.#transport.send({
      method: 'DELETE',
      path: resourcePath(type, namespace, name),
      body: JSON.stringify(body),
      repeatable: true,
      what,
    });
    if (answer.status === 404) return false;
    if (answer.status !== 200 && answer.status !== 202) throw refused(what, answer.status, answer.body);
    return true;
  }

  async review(question: KubernetesObject, plural: string): Promise<KubernetesObject> {
    const what = `cannot ask for a ${question.kind}`;
    const path = `/apis/${question.apiVersion}/${plural}`;
    const request = { method: 'POST' as const, path, body: JSON.stringify(question), repeatable: true, what };
    const { status, body } = await this.#transport.send(request);
    if (status !== 200 && status !== 201) throw refused(what, status, body);
    return parse<KubernetesObject>(body);
  }

  async text(path: string, query: Record<string, string> = {}): Promise<string> {
    const what = `cannot read ${path}`;
    const { status, body } = await this.#transport.send({ method: 'GET', path, query, repeatable: true, what });
    if (status !== 200) throw refused(what, status, body);
    return body;
  }

  /** Opens a streamed answer; `idle` is how long it may be silent (milliseconds; 0: forever). */
  async stream(
    path: string,
    query: Record<string, string>,
    signal: AbortSignal,
    idle: number = neverIdle,
  ): Promise<Readable> {
    const what = `cannot read ${path}`;
    const response = await this.#transport.open({ method: 'GET', path, query, repeatable: true, what }, signal, idle);
    if (response.statusCode === 200) return response;
    throw refused(what, response.statusCode ?? 0, await readAll(response));
  }

  /** Streams the changes of a list since one of its versions, until the server ends the answer. */
  async changes(type: ResourceType, query: ListQuery, resourceVersion: string, signal: AbortSignal): Promise<Readable> {
    return this.stream(
      resourcePath(type, query.namespace),
      {
        ...selectors(query),
        watch: 'true',
        allowWatchBookmarks: 'true',
        resourceVersion,
        timeoutSeconds: String(watchSeconds),
      },
      signal,
      (watchSeconds + 30) * 1_000,
    );
  }
}

/** The server ends a watch after this time; one that is silent for longer is dead. */
const watchSeconds = 240;

function selectors({ labelSelector, fieldSelector }: ListQuery): Record<string, string> {
  return {
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  };
}

function describe(object: KubernetesObject): string {
  return describeTarget(typeOf(object), object.metadata.name, object.metadata.namespace);
}

function parse<T>(body: string): T {
  return JSON.parse(body) as T;
}

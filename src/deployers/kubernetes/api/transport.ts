import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text as readAll } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeConfig } from '@kubernetes/client-node';
import { errorMessage, InterruptedError } from '../../../system/errors.js';
import { abortedAfter } from '../../../system/process/limit.js';
import { SilenceWatch } from '../../../system/process/patience.js';
import { mapOf } from '../../../system/plain-map.js';
import type { Reporter } from '../../../system/report.js';
import { ClusterError, unreachable } from './errors.js';
import { retryDelay } from './retry.js';

export interface ApiRequest {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  path: string;
  query?: Record<string, string>;
  body?: string;
  contentType?: string;
  /** Sending it twice has the same effect as once. */
  repeatable: boolean;
  /** Begins every message about it, such as `cannot read Deployment x`. */
  what: string;
}

export interface ApiAnswer {
  status: number;
  body: string;
  /** The server's warnings (`would violate PodSecurity …`). */
  warnings: string[];
}

/** Time for a complete answer: an API server ends its own requests after 60 s. */
const deadline = 65_000;
/** Time for accepting a connection; otherwise the server counts as unreachable. */
const connectDeadline = 10_000;
/** Credentials are read again after this time: credential plugins issue short-lived ones. */
const credentialLife = 60_000;

/** HTTP with one API server: its address, certificates and credentials from the kubeconfig's current context. */
export class HttpTransport {
  readonly #config: KubeConfig;
  readonly #signal: AbortSignal;
  readonly server: string;
  readonly #patience: SilenceWatch;
  readonly #longest: number;
  #authorized: { options: RequestOptions; identity: string; until: number } | undefined;

  /**
   * @param report is notified of a server that does not answer
   * @param seconds limit for an answer or a connection
   */
  constructor(
    config: KubeConfig,
    server: string,
    signal: AbortSignal,
    report: Pick<Reporter, 'warn'>,
    seconds = Number.POSITIVE_INFINITY,
  ) {
    this.#longest = seconds * 1_000;
    this.#config = config;
    this.server = server;
    this.#signal = signal;
    this.#patience = new SilenceWatch(`the API server at ${server}`, report);
  }

  /**
   * Sends a request until it is answered or must not be sent again.
   * @throws ClusterError if there was no answer; InterruptedError if the command was interrupted
   */
  async send(request: ApiRequest): Promise<ApiAnswer> {
    let renewed = false;
    for (let attempt = 0; ; attempt += 1) {
      this.#stopIfInterrupted();
      const outcome = await this.#patience.while(this.#once(request)).catch((error: unknown) => ({ error }));
      this.#stopIfInterrupted();
      if (!('error' in outcome) && outcome.status === 401 && !renewed) {
        renewed = true;
        this.#authorized = undefined;
        continue;
      }
      const wait = retryDelay(outcome, request.repeatable, attempt);
      if (wait !== undefined) {
        await sleep(wait, undefined, { signal: this.#signal }).catch(() => undefined);
        continue;
      }
      if (!('error' in outcome)) return outcome;
      if (outcome.error instanceof ClusterError) throw outcome.error;
      throw unreachable(request.what, this.server, outcome.error);
    }
  }

  /**
   * Opens a streamed answer (a watch, followed logs). Sent once; the caller checks the status.
   * @param signal ends it, as does the command's own
   * @param idle milliseconds without a byte after which the connection counts as broken
   */
  async open(request: ApiRequest, signal: AbortSignal, idle: number): Promise<IncomingMessage> {
    const options = await this.#authorize(request.what);
    const ended = AbortSignal.any([signal, this.#signal]);
    const asked = this.#patience.while(this.#exchange(request, options, ended));
    const response = await asked.catch((error: unknown) => {
      throw ended.aborted ? error : unreachable(request.what, this.server, error);
    });
    response.socket.setKeepAlive(true, 30_000);
    response.setTimeout(idle, () => response.destroy(new Error(`no data received for ${idle / 1_000} s`)));
    return response;
  }

  #stopIfInterrupted(): void {
    if (this.#signal.aborted) throw new InterruptedError();
  }

  async #once(request: ApiRequest): Promise<ApiAnswer & { retryAfter?: string | undefined }> {
    const options = await this.#authorize(request.what);
    const longest = Math.min(deadline, this.#longest);
    const late = abortedAfter(longest);
    try {
      const response = await this.#exchange(request, options, AbortSignal.any([this.#signal, late]));
      const body = await readAll(response);
      const { 'retry-after': retryAfter, warning } = response.headers;
      return { status: response.statusCode ?? 0, body, warnings: parseWarnings(warning), retryAfter };
    } catch (error) {
      if (late.aborted) throw new Error(`no answer within ${longest / 1_000} s`, { cause: error });
      throw error;
    }
  }

  #exchange(request: ApiRequest, authorized: RequestOptions, signal: AbortSignal): Promise<IncomingMessage> {
    const url = new URL(this.server + request.path);
    for (const [key, value] of Object.entries(request.query ?? {})) url.searchParams.set(key, value);
    const body = request.body === undefined ? undefined : Buffer.from(request.body);
    const headers = {
      ...authorized.headers,
      accept: 'application/json, text/plain, */*',
      'user-agent': 'laconic-so',
      ...(body === undefined
        ? {}
        : { 'content-type': request.contentType ?? 'application/json', 'content-length': body.length }),
    };
    const send = url.protocol === 'http:' ? httpRequest : httpsRequest;
    return new Promise((resolve, reject) => {
      const outgoing = send(url, { ...authorized, method: request.method, headers, signal }, resolve);
      outgoing.once('error', reject);
      outgoing.once('socket', (socket) => {
        if (!socket.connecting) return;
        const longest = Math.min(connectDeadline, this.#longest);
        const timer = setTimeout(
          () => outgoing.destroy(new Error(`no connection within ${longest / 1_000} s`)),
          longest,
        );
        // A server that accepts connections and never answers is not an API server either.
        socket.once(url.protocol === 'http:' ? 'connect' : 'secureConnect', () => clearTimeout(timer));
        socket.once('close', () => clearTimeout(timer));
      });
      outgoing.end(body);
    });
  }

  /**
   * Returns credentials as request options. The agent, and thus the open connections, are kept while the certificates
   * are the same.
   */
  async #authorize(what: string): Promise<RequestOptions> {
    const known = this.#authorized;
    if (known !== undefined && Date.now() < known.until) return known.options;
    const fresh: RequestOptions & { ca?: unknown; cert?: unknown; key?: unknown } = {};
    try {
      await this.#config.applyToHTTPSOptions(fresh);
    } catch (error) {
      throw new ClusterError(
        `${what}: no credentials for context ${this.#config.getCurrentContext()}: ${whyNone(this.#config, error)}`,
        { hint: 'the kubeconfig names a file or a program that provides them: check that it exists', cause: error },
      );
    }
    const { agent, headers, auth } = fresh;
    const identity = [fresh.ca, fresh.cert, fresh.key].map(String).join('\n');
    const kept = known?.identity === identity ? known.options.agent : reusing(agent);
    const options: RequestOptions = {
      agent: kept,
      headers,
      auth,
    };
    this.#authorized = { options, identity, until: Date.now() + credentialLife };
    return options;
  }
}

/** Why there are no credentials. The client library passes on the output of a credential plugin even if it is empty. */
function whyNone(config: KubeConfig, error: unknown): string {
  const { exec } = mapOf(config.getCurrentUser());
  const program = `the program ${String(mapOf(exec).command)}`;
  if (error instanceof SyntaxError) return `${program} returned no ExecCredential`;
  return errorMessage(error).trim() || `${program} failed and wrote nothing`;
}

/** Parses the header with the API server's warnings: `299 - "text", 299 - "more"`. */
export function parseWarnings(header: string | undefined): string[] {
  const quoted = (header ?? '').matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g);
  return [...quoted].map(([, text = '']) => text.replace(/\\(.)/g, '$1'));
}

/** The client library creates agents that open a connection per request; ours keep it for the next one. */
function reusing(agent: RequestOptions['agent']): RequestOptions['agent'] {
  return agent === undefined || typeof agent === 'boolean' ? agent : Object.assign(agent, { keepAlive: true });
}

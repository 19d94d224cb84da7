import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode, InterruptedError } from '../../system/errors.js';
import { SilenceWatch } from '../../system/process/patience.js';
import type { Reporter } from '../../system/report.js';
import { proxyFor } from './proxy.js';

export interface HttpRequest {
  method?: 'GET' | 'POST';
  url: URL;
  headers?: Record<string, string>;
  body?: string;
}

export interface HttpAnswer {
  status: number;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

/** No usable answer: the message says what was awaited and what happened instead. */
export class NoAnswer extends Error {
  /** The server accepted the connection but does not speak TLS. */
  readonly notTls: boolean;

  constructor(message: string, options: { cause?: unknown; notTls?: boolean } = {}) {
    super(message, options);
    this.name = 'NoAnswer';
    this.notTls = options.notTls === true;
  }
}

/** In seconds; tests use shorter ones. */
export interface Limits {
  /** Time until the connection is established. */
  connect: number;
  /** Time between two pieces of the answer. */
  silence: number;
}

const usualLimits: Limits = { connect: 10, silence: 30 };
/** Maximum size of an answer in bytes: no list of tags and no manifest is larger. */
const longest = 32 * 1024 * 1024;
/** Delays before each retry of a temporary failure, in milliseconds. */
const pauses = [300, 1_000];
const passing = new Set([502, 503, 504]);

/**
 * An HTTP and HTTPS client that uses the environment's proxies (HTTPS_PROXY, HTTP_PROXY, NO_PROXY) and Node's
 * certificate authorities, extended by NODE_EXTRA_CA_CERTS. Connections are reused. Redirects are not followed.
 */
export class HttpClient {
  readonly #env: NodeJS.ProcessEnv;
  readonly #signal: AbortSignal;
  readonly #limits: Limits;
  readonly #report: Pick<Reporter, 'warn'>;
  readonly #agents = new Map<string, Promise<HttpAgent>>();
  readonly #patience = new Map<string, SilenceWatch>();

  /** @param caller its `report` is warned about a server that does not answer */
  constructor(
    { env, signal, report }: { env: NodeJS.ProcessEnv; signal: AbortSignal; report: Pick<Reporter, 'warn'> },
    limits: Limits = usualLimits,
  ) {
    this.#env = env;
    this.#signal = signal;
    this.#report = report;
    this.#limits = limits;
  }

  /**
   * Sends a request, and repeats it after temporary failures: all requests are read-only.
   * @throws NoAnswer; InterruptedError
   */
  async send(request: HttpRequest): Promise<HttpAnswer> {
    for (let attempt = 0; ; attempt += 1) {
      if (this.#signal.aborted) throw new InterruptedError();
      const pause = pauses[attempt];
      try {
        const answer = await this.#patienceWith(request.url.host).while(this.#once(request));
        if (pause === undefined || !passing.has(answer.status)) return answer;
      } catch (error) {
        if (this.#signal.aborted) throw new InterruptedError();
        if (pause === undefined || errorCode((error as Error).cause) !== 'ECONNRESET') throw error;
      }
      await sleep(pause, undefined, { signal: this.#signal }).catch(() => undefined);
    }
  }

  async #once({ method = 'GET', url, headers = {}, body }: HttpRequest): Promise<HttpAnswer> {
    const agent = await this.#agentFor(url);
    const { connect, silence } = this.#limits;
    return new Promise((resolve, reject) => {
      const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
      const length: Record<string, string> =
        body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
      const sent = send(url, { method, agent, headers: { ...headers, ...length }, signal: this.#signal });
      const fail = (error: unknown): void => {
        clearTimeout(connecting);
        sent.destroy();
        reject(error instanceof NoAnswer ? error : noAnswer(error));
      };
      const connecting = setTimeout(
        () => fail(new NoAnswer(`no connection to ${url.host} within ${connect} s`)),
        connect * 1000,
      );
      sent.on('finish', () => clearTimeout(connecting));
      sent.setTimeout(silence * 1000, () => {
        fail(new NoAnswer(`${url.host} sent nothing for ${silence} s in answer to ${method} ${url.pathname}`));
      });
      sent.on('error', fail);
      sent.on('response', (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          size += chunk.length;
          if (size > longest) fail(new NoAnswer(`the answer to ${url.pathname} is longer than ${longest} bytes`));
        });
        response.on('error', fail);
        response.on('end', () => {
          clearTimeout(connecting);
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
        });
      });
      sent.end(body);
    });
  }

  #patienceWith(host: string): SilenceWatch {
    const patience = this.#patience.get(host) ?? new SilenceWatch(host, this.#report);
    this.#patience.set(host, patience);
    return patience;
  }

  async #agentFor(url: URL): Promise<HttpAgent> {
    const proxy = proxyFor(url, this.#env);
    const key = `${url.protocol} ${proxy ?? ''}`;
    let agent = this.#agents.get(key);
    if (agent === undefined) {
      agent = makeAgent(url, proxy);
      this.#agents.set(key, agent);
    }
    return agent;
  }
}

async function makeAgent({ protocol }: URL, proxy: string | undefined): Promise<HttpAgent> {
  const options = { keepAlive: true, maxSockets: 4 };
  if (proxy === undefined) return protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options);
  const { HttpProxyAgent, HttpsProxyAgent } = await import('hpagent');
  return protocol === 'https:' ? new HttpsProxyAgent({ ...options, proxy }) : new HttpProxyAgent({ ...options, proxy });
}

const notTlsCodes = new Set(['EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG']);

function noAnswer(error: unknown): NoAnswer {
  const code = errorCode(error) ?? '';
  const message = error instanceof Error ? error.message : String(error);
  if (notTlsCodes.has(code)) return new NoAnswer('it does not support TLS (https)', { cause: error, notTls: true });
  return new NoAnswer(reasons[code] ?? message, { cause: error });
}

const untrusted = 'its certificate is signed by an unknown authority';

const reasons: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'its name cannot be resolved at the moment',
  ECONNRESET: 'the connection was closed before an answer came',
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_HAS_EXPIRED: 'its certificate has expired',
};

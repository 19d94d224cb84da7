import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Transform, type Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Authority, makeAuthority } from '../../support/registry/authority.js';
import { gitPerson } from './sources.js';

/** The pace of a slow response. */
export interface Pieces {
  /** Bytes per piece; with 0 there is only the head. */
  bytes: number;
  /** Milliseconds between pieces. */
  pause: number;
}

/** git over HTTPS: `git http-backend` behind a certificate of a private authority. */
export interface HttpsServer {
  port: number;
  /** The authority's certificate, for GIT_SSL_CAINFO. */
  authority: string;
  /** `METHOD /path` of each request. */
  requests: string[];
  /**
   * From now on, responses to requests with this in their URL are sent in pieces: so many bytes, then a pause of so
   * many milliseconds.
   */
  slow(url: string, pieces: Pieces): void;
  /** From now on, only this user may log in. */
  requireUser(name: string, password: string): void;
  stop(): Promise<void>;
}

/** @param folders `hosted` is served as `/org/name`; certificates are written to `keys` */
export async function startHttpsServer(folders: { hosted: string; keys: string }): Promise<HttpsServer> {
  const authority: Authority = await makeAuthority(folders.keys);
  const { key, certificate } = await authority.issue('server');
  const requests: string[] = [];
  let wanted: string | undefined;
  let slowed: ({ url: string } & Pieces) | undefined;
  const server = createServer(
    { key: await readFile(key), cert: await readFile(certificate) },
    (request: IncomingMessage, response: ServerResponse) => {
      requests.push(`${request.method} ${request.url}`);
      if (wanted !== undefined && request.headers.authorization !== wanted) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="test"' }).end('no');
        return;
      }
      const meant = slowed !== undefined && request.url?.includes(slowed.url) === true;
      callBackend(folders.hosted, request, response, meant ? slowed : undefined);
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    authority: authority.certificate,
    requests,
    slow: (url, pieces) => {
      slowed = { url, ...pieces };
    },
    requireUser: (name, password) => {
      wanted = `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** CGI as far as `git http-backend` needs it. */
function callBackend(hosted: string, request: IncomingMessage, response: ServerResponse, pieces?: Pieces): void {
  const url = new URL(request.url ?? '/', 'https://localhost');
  const header = (name: string): string => String(request.headers[name] ?? '');
  const backend = spawn('git', ['http-backend'], {
    env: {
      ...process.env,
      ...gitPerson,
      GIT_PROJECT_ROOT: hosted,
      GIT_HTTP_EXPORT_ALL: '1',
      REQUEST_METHOD: request.method,
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: header('content-type'),
      HTTP_CONTENT_ENCODING: header('content-encoding'),
      GIT_PROTOCOL: header('git-protocol'),
      REMOTE_ADDR: '127.0.0.1',
    },
  });
  const body: Writable = pieces === undefined ? response : inPieces(pieces);
  if (body instanceof Transform) body.pipe(response);
  request.pipe(backend.stdin);
  backend.stdin.on('error', () => undefined);
  let head = Buffer.alloc(0);
  let started = false;
  backend.stdout.on('data', (chunk: Buffer) => {
    if (started) {
      body.write(chunk);
      return;
    }
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    started = true;
    let status = 200;
    for (const line of head.subarray(0, end).toString('utf8').split('\r\n')) {
      const [name = '', value = ''] = line.split(/:\s*(.*)/s);
      if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10);
      else response.setHeader(name, value);
    }
    response.writeHead(status);
    body.write(head.subarray(end + 4));
  });
  backend.on('close', () => body.end());
}

function inPieces({ bytes, pause }: Pieces): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const push = async (): Promise<void> => {
        for (let at = 0; at < chunk.length; at += bytes) {
          if (at > 0 || bytes === 0) await sleep(pause, undefined, { ref: false });
          this.push(chunk.subarray(at, at + bytes));
        }
      };
      void push().then(() => done());
    },
  });
}

import { createPrivateKey, randomUUID, sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { derOf, type KeyPair } from './authority.js';

/** A token server as in the distribution specification, for one user. */
export interface TokenServer {
  /** The realm for its registry. */
  readonly url: string;
  /** The requests: `basic pull,push` of a repository, `anonymous pull`, … */
  readonly asked: readonly { user: string | undefined; scopes: readonly string[] }[];
  stop(): Promise<void>;
}

interface Access {
  type: string;
  name: string;
  actions: string[];
}

export const tokenIssuer = 'laconic-so-test-tokens';
export const tokenService = 'laconic-so-test-registry';

/**
 * Starts a token server on 127.0.0.1. The user gets every token except for pushing to repositories named `…/forbidden`;
 * anonymous clients may pull from repositories below `public/`; a wrong password is rejected.
 * @param signer the certificate that the registry trusts, and its key
 */
export async function startTokenServer(user: string, password: string, signer: KeyPair): Promise<TokenServer> {
  const key = createPrivateKey(await readFile(signer.key));
  const certificate = await derOf(signer.certificate);
  const asked: { user: string | undefined; scopes: string[] }[] = [];

  const tokenFor = (subject: string, access: readonly Access[]): string => {
    const now = Math.floor(Date.now() / 1000);
    const times = { exp: now + 300, nbf: now - 30, iat: now };
    const claims = { iss: tokenIssuer, sub: subject, aud: tokenService, ...times, jti: randomUUID(), access };
    const head = [{ typ: 'JWT', alg: 'ES256', x5c: [certificate] }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    return `${head}.${sign('sha256', Buffer.from(head), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  };

  const server = createServer((request, response) => {
    const given = credentialsOf(request);
    const scopes = new URL(request.url ?? '/', 'http://localhost').searchParams.getAll('scope');
    asked.push({ user: given?.[0], scopes });
    response.setHeader('content-type', 'application/json');
    if (given !== undefined && (given[0] !== user || given[1] !== password)) {
      response.statusCode = 401;
      response.end(JSON.stringify({ errors: [{ code: 'UNAUTHORIZED', message: 'wrong user or password' }] }));
      return;
    }
    const access = scopes.flatMap((scope) => accessOf(scope, given !== undefined));
    response.end(JSON.stringify({ token: tokenFor(given?.[0] ?? '', access), expires_in: 300 }));
  });
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/token`,
    asked,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function credentialsOf({ headers }: IncomingMessage): [user: string, password: string] | undefined {
  const basic = /^Basic (.+)$/.exec(headers.authorization ?? '')?.[1];
  if (basic === undefined) return undefined;
  const text = Buffer.from(basic, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return [text.slice(0, colon), text.slice(colon + 1)];
}

/** `repository:public/x:pull,push`: everything for a user, and pulling from public repositories for others. */
function accessOf(scope: string, known: boolean): Access[] {
  const [type = '', ...rest] = scope.split(':');
  const wanted = (rest.pop() ?? '').split(',');
  const name = rest.join(':');
  const allowed = (action: string): boolean =>
    known ? action === 'pull' || !name.endsWith('/forbidden') : action === 'pull' && name.startsWith('public/');
  const actions = wanted.filter(allowed);
  return actions.length === 0 ? [] : [{ type, name, actions }];
}

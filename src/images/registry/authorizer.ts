import type { Credentials } from '../credentials.js';
import { readToken, RegistryError, wordsOf } from './answers.js';
import { type Challenge, parseChallenges } from './challenge.js';
import { type HttpAnswer, type HttpClient, type HttpRequest, NoAnswer } from './http.js';
import { isLocalhost } from './proxy.js';

/** The header of an authorized request. */
export interface Authorization extends Record<string, string> {
  authorization: string;
}

/**
 * Authenticates to one registry: with basic authentication, or with tokens of its token server (distribution
 * specification, token authentication), as a user or anonymously.
 */
export class Authorizer {
  readonly #host: string;
  readonly #base: URL;
  readonly #credentials: Credentials | undefined;
  readonly #http: HttpClient;
  #basic: Authorization | undefined;
  readonly #tokens = new Map<string, Authorization>();

  constructor(host: string, base: URL, credentials: Credentials | undefined, http: HttpClient) {
    this.#host = host;
    this.#base = base;
    this.#credentials = credentials;
    this.#http = http;
  }

  get anonymous(): boolean {
    return this.#credentials === undefined;
  }

  /** The header that worked before; a token is valid for one repository. */
  known(repository: string): Authorization | undefined {
    return this.#basic ?? this.#tokens.get(repository);
  }

  /**
   * Checks the credentials after the registry's first 401, so that a wrong password is reported immediately, and only
   * once.
   * @throws RegistryError
   */
  async check(refusal: HttpAnswer): Promise<void> {
    const { basic, bearer } = challengesOf(refusal);
    if (bearer !== undefined) {
      if (this.#credentials !== undefined) await this.#token(bearer, undefined);
      return;
    }
    if (basic === undefined) {
      throw new RegistryError(`${this.#host} asks for an unsupported kind of login`, { status: 401 });
    }
    const { authorization } = this.#basicOrFail();
    const answer = await this.#send({ url: new URL('/v2/', this.#base), headers: { authorization } });
    if (answer.status === 401 || answer.status === 403) throw this.#wrong(answer);
    this.#basic = { authorization };
  }

  /**
   * Authorizes a request that got a 401; undefined if the credentials do not help.
   * @throws RegistryError
   */
  async authorize(refusal: HttpAnswer, repository: string): Promise<Authorization | undefined> {
    const { basic, bearer } = challengesOf(refusal);
    if (bearer === undefined) {
      // Some registries require a login for only some of their repositories.
      if (basic === undefined || this.#basic !== undefined || this.#credentials === undefined) return undefined;
      this.#basic = this.#basicOrFail();
      return this.#basic;
    }
    const token = await this.#token(bearer, bearer.parameters.scope ?? `repository:${repository}:pull`);
    const authorization = { authorization: `Bearer ${token}` };
    this.#tokens.set(repository, authorization);
    return authorization;
  }

  #basicOrFail(): Authorization {
    if (this.#credentials === undefined || this.#credentials.identityToken !== undefined) {
      throw new RegistryError(`${this.#host} requires a login`, {
        status: 401,
        hint: `docker login ${this.#host}, or --registry-username with the token in LACONIC_SO_REGISTRY_TOKEN`,
      });
    }
    const { username, password } = this.#credentials;
    return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
  }

  /** @param scope absent: only checks the credentials; other failures show when a token is needed */
  async #token({ parameters }: Challenge, scope: string | undefined): Promise<string> {
    const realm = this.#realm(parameters.realm ?? '');
    const what = `no token for ${this.#host} from ${realm.origin}`;
    const answer = await this.#send(this.#tokenRequest(realm, parameters.service, scope));
    if (answer.status === 401 || answer.status === 403) throw this.#wrong(answer);
    if (scope === undefined) return '';
    if (answer.status !== 200) throw new RegistryError(`${what}: ${wordsOf(answer)}`, { status: answer.status });
    return readToken(answer, what);
  }

  #tokenRequest(realm: URL, service: string | undefined, scope: string | undefined): HttpRequest {
    const asked = { ...(service !== undefined && { service }), ...(scope !== undefined && { scope }) };
    const identityToken = this.#credentials?.identityToken;
    if (identityToken !== undefined) {
      const form = { ...asked, grant_type: 'refresh_token', client_id: 'laconic-so', refresh_token: identityToken };
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      return { method: 'POST', url: realm, headers, body: new URLSearchParams(form).toString() };
    }
    for (const [name, value] of Object.entries(asked)) realm.searchParams.set(name, value);
    return { url: realm, ...(this.#credentials !== undefined && { headers: this.#basicOrFail() }) };
  }

  /** Parses the token server's URL. A registry must not make us send a password unencrypted. */
  #realm(text: string): URL {
    let realm: URL;
    try {
      realm = new URL(text);
    } catch (error) {
      throw new RegistryError(`${this.#host} names no token server: realm "${text}"`, { cause: error });
    }
    const open = realm.protocol !== 'https:' && this.#base.protocol === 'https:' && !isLocalhost(realm.hostname);
    if (!/^https?:$/.test(realm.protocol) || open) {
      throw new RegistryError(`${this.#host} sends logins to ${realm.origin}, which is not encrypted`, {
        hint: 'nothing was sent there',
      });
    }
    return realm;
  }

  async #send(request: HttpRequest): Promise<HttpAnswer> {
    try {
      return await this.#http.send(request);
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      throw new RegistryError(
        `${request.url.host}, the token server of ${this.#host}, does not answer: ${error.message}`,
        {
          cause: error,
        },
      );
    }
  }

  #wrong(answer: HttpAnswer): RegistryError {
    const options = { status: answer.status };
    if (this.#credentials === undefined) {
      return new RegistryError(`${this.#host} requires a login: ${wordsOf(answer)}`, {
        ...options,
        hint: `docker login ${this.#host}, or --registry-username with the token in LACONIC_SO_REGISTRY_TOKEN`,
      });
    }
    const { username } = this.#credentials;
    return new RegistryError(`${this.#host} rejects the login of ${username || 'docker'}: ${wordsOf(answer)}`, {
      ...options,
      hint: 'check the user name and the token, and that the token has not expired',
    });
  }
}

function challengesOf({ headers }: HttpAnswer): { basic: Challenge | undefined; bearer: Challenge | undefined } {
  const challenges = parseChallenges(headers['www-authenticate'] ?? '');
  return {
    basic: challenges.find(({ scheme }) => scheme === 'basic'),
    bearer: challenges.find(({ scheme }) => scheme === 'bearer'),
  };
}

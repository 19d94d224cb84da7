import { describe, expect, it } from 'vitest';
import { parseImageSource } from '../../../src/builds/fetch-containers.js';
import { insecureBy } from '../../../src/engine/image-transfer.js';
import { explainPush } from '../../../src/images/refusals.js';
import { nextPage } from '../../../src/images/registry/answers.js';
import { parseChallenges } from '../../../src/images/registry/challenge.js';
import { newestFirst } from '../../../src/images/registry/newest.js';
import { proxyFor } from '../../../src/images/registry/proxy.js';
import { UsageError } from '../../../src/system/errors.js';

describe('--image-registry', () => {
  it.each([
    ['ghcr.io/org', 'ghcr.io', 'org'],
    ['ghcr.io/org/team/', 'ghcr.io', 'org/team'],
    ['localhost:5000', 'localhost:5000', ''],
    ['[::1]:5000/x', '[::1]:5000', 'x'],
    ['docker.io/library', 'docker.io', 'library'],
  ])('%s', (text, registry, prefix) => {
    expect(parseImageSource(text)).toEqual({ registry, prefix });
  });

  it.each([
    '',
    '/',
    'org',
    'org/name',
    'ghcr.io/Org',
    '../x',
    '-x/y',
    'a.b/c:tag',
    'a.b/c@d',
    'http://a.b/c',
    'a.b//c',
    'a.b/c d',
  ])('rejects %s', (text) => {
    expect(() => parseImageSource(text)).toThrow(UsageError);
  });
});

describe('the challenge of a registry (WWW-Authenticate)', () => {
  it.each([
    ['Basic realm="a, b=c"', [{ scheme: 'basic', parameters: { realm: 'a, b=c' } }]],
    [
      'Bearer realm="https://auth.example.org/token",service=reg,scope="repository:a/b:pull,push"',
      [
        {
          scheme: 'bearer',
          parameters: { realm: 'https://auth.example.org/token', service: 'reg', scope: 'repository:a/b:pull,push' },
        },
      ],
    ],
    [
      'Negotiate, Basic realm="x \\"y\\"", Bearer realm=z',
      [
        { scheme: 'negotiate', parameters: {} },
        { scheme: 'basic', parameters: { realm: 'x "y"' } },
        { scheme: 'bearer', parameters: { realm: 'z' } },
      ],
    ],
    ['', []],
    ['=', []],
  ])('%s', (header, challenges) => {
    expect(parseChallenges(header)).toEqual(challenges);
  });
});

describe('the next page of tags (Link header)', () => {
  it.each([
    ['</v2/a/tags/list?last=x&n=2>; rel="next"', '/v2/a/tags/list?last=x&n=2'],
    ['</first>; rel="first", </next>; rel=next', '/next'],
    ['</v2/a>; rel="prev"', undefined],
    [undefined, undefined],
  ])('%s', (header, target) => {
    expect(nextPage(header)).toBe(target);
  });
});

it('tags are tried in reverse alphabetical order, so that time stamps are newest first', () => {
  expect(newestFirst(['202601010000', '202512312359', 'v1', '202601010000', 'V2'])).toEqual([
    'v1',
    'V2',
    '202601010000',
    '202512312359',
  ]);
});

describe('the proxy of a registry', () => {
  const env = {
    HTTPS_PROXY: 'http://proxy:3128',
    http_proxy: 'plain:80',
    NO_PROXY: 'example.org, .internal,10.0.0.1:5000',
  };
  it.each([
    ['https://ghcr.io/v2/', 'http://proxy:3128'],
    ['http://ghcr.io/v2/', 'http://plain:80'],
    ['https://example.org/', undefined],
    ['https://reg.example.org/', undefined],
    ['https://notexample.org/', 'http://proxy:3128'],
    ['https://a.internal/', undefined],
    ['https://10.0.0.1:5000/', undefined],
    ['https://10.0.0.1:6000/', 'http://proxy:3128'],
    ['https://localhost:5000/', undefined],
    ['https://127.0.0.1/', undefined],
    ['https://[::1]:5000/', undefined],
  ])('of %s', (url, proxy) => {
    expect(proxyFor(new URL(url), env)).toBe(proxy);
  });

  it('is not used without a variable, or with NO_PROXY=*', () => {
    expect(proxyFor(new URL('https://ghcr.io'), {})).toBeUndefined();
    expect(proxyFor(new URL('https://ghcr.io'), { ...env, no_proxy: '*' })).toBeUndefined();
  });
});

describe('registries that the engine contacts without TLS', () => {
  const isInsecure = insecureBy({
    InsecureRegistryCIDRs: ['127.0.0.0/8', '10.1.0.0/16', 'fd00::/8'],
    IndexConfigs: { 'docker.io': { Secure: true }, 'reg.lan:5000': { Secure: false } },
  });
  it.each([
    ['localhost:5000', true],
    ['127.0.0.1:5000', true],
    ['10.1.2.3', true],
    ['10.2.2.3:5000', false],
    ['[fd00::1]:5000', true],
    ['reg.lan:5000', true],
    ['reg.lan', false],
    ['docker.io', false],
    ['localhost.example.org', false],
  ])('%s', (registry, expected) => {
    expect(isInsecure(registry)).toBe(expected);
  });
});

describe('the reason why an image cannot be pushed', () => {
  it.each([
    [
      'denied: requested access to the resource is denied',
      'does not allow this login to push',
      'docker login reg.example.com',
    ],
    ['no basic auth credentials', 'does not allow this login to push', 'docker login reg.example.com'],
    [
      'Get "https://reg.example.com/v2/": http: server gave HTTP response to HTTPS client',
      'does not support TLS',
      'insecure-registries',
    ],
    [
      'tls: failed to verify certificate: x509: certificate signed by unknown authority',
      'does not trust reg.example.com',
      '/etc/docker/certs.d/reg.example.com/ca.crt',
    ],
    ['dial tcp: lookup reg.example.com: no such host', 'cannot be reached', 'network'],
  ])('%s', (words, why, hint) => {
    const explained = explainPush('reg.example.com/a/b:1', words);
    expect(explained.why).toContain(why);
    expect(explained.hint).toContain(hint);
  });

  it("is the registry's own text when it is not recognized", () => {
    expect(explainPush('a.b/c:1', 'the disk is full of sand')).toEqual({ why: 'the disk is full of sand' });
  });
});

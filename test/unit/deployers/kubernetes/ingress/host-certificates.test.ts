import { readFile } from 'node:fs/promises';
import { beforeEach, expect, it } from 'vitest';
import type { LiveObject } from '../../../../../src/deployers/kubernetes/api/api.js';
import { caddyProblem } from '../../../../../src/deployers/kubernetes/ingress/host-certificates.js';
import { makeAuthority } from '../../../../support/registry/authority.js';
import { temporaryDirectory } from '../../../../support/temporary.js';

const day = 86_400_000;
let certificate: Buffer;

beforeEach(async () => {
  certificate = await readFile((await makeAuthority(await temporaryDirectory())).certificate);
});

/** The problem of a host when Caddy stores this under these names, sanitized as Caddy does it. */
function problem(host: string, names: string[], { content = certificate, days = 0 } = {}): string | undefined {
  const secrets = names.map((name) => ({
    metadata: { name: `caddy.ingress--certificates.acme-v02.api.letsencrypt.org-directory.${name}` },
    data: { value: content.toString('base64') },
  }));
  return caddyProblem(host, secrets as unknown as LiveObject[], Date.now() + days * day);
}

it('a certificate is valid for its name or the wildcard above it, until its last day', () => {
  const own = ['a.example.org.a.example.org.crt'];
  expect(problem('a.example.org', own)).toBeUndefined();
  expect(problem('a.example.org', ['wildcard.example.org.wildcard.example.org.crt'])).toBeUndefined();
  expect(problem('*.example.org', ['wildcard..example.org.wildcard..example.org.crt'])).toBeUndefined();
  expect(problem('a.example.org', own, { days: 3 })).toMatch(/^has only one that expired on \d{4}-/);
});

it('a certificate of another name, an invalid file or a missing file is no certificate of the host', () => {
  const none = 'has no certificate for it yet';
  expect(problem('a.example.org', [])).toBe(none);
  expect(problem('a.example.org', ['a.example.org.a.example.org.key', 'b.example.org.b.example.org.crt'])).toBe(none);
  expect(problem('example.org', ['a.example.org.a.example.org.crt'])).toBe(none);
  expect(problem('a.example.org', ['a.example.org.a.example.org.crt'], { content: Buffer.from('x') })).toContain(
    'expired',
  );
});

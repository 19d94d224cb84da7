import { hub, parseImage } from './reference.js';

/** Why a pull or push failed, and what to do about it. */
interface Explanation {
  why: string;
  /** Absent if the cause is unknown: the engine's message is shown instead. */
  hint?: string;
}

type Explain = (facts: { image: string; registry: string; login: string; matched: string }) => Explanation;

const reasons: readonly (readonly [RegExp, Explain])[] = [
  [
    /server gave HTTP response to HTTPS client/i,
    ({ registry }) => ({
      why: `${registry} does not support TLS (https)`,
      hint: `if that is intended: "insecure-registries": ["${registry}"] in the engine's daemon.json`,
    }),
  ],
  [
    /x509: [^\n]*|certificate signed by unknown authority/i,
    ({ registry, matched }) => ({
      why: `the engine does not trust ${registry} (${matched})`,
      hint: `put the certificate of its authority into /etc/docker/certs.d/${registry}/ca.crt on the engine's host`,
    }),
  ],
  [
    /toomanyrequests|rate limit/i,
    ({ registry, login }) => ({
      why: `${registry} allows no more pulls for now`,
      hint: `wait, or log in for a higher limit: ${login}`,
    }),
  ],
  [
    /no matching manifest|does not match the specified platform/i,
    ({ registry }) => ({
      why: `${registry} has the image for other platforms only`,
      hint: 'use an image for this platform, or set platform: in the compose file',
    }),
  ],
  [
    /manifest unknown|manifest for .* not found|repository .* not found|: not found$/im,
    ({ image, registry }) => ({ why: `${registry} has no such image`, hint: `check name and tag: ${image}` }),
  ],
  [
    /unauthorized|(?<!permission )denied|authentication required|no basic auth/i,
    ({ registry, login }) => ({
      why: `${registry} denies access: the image does not exist, or a login is required`,
      hint: `check the name, or log in: ${login}`,
    }),
  ],
  [
    /no such host|connection refused|i\/o timeout|network is unreachable|no route to host|deadline exceeded/i,
    ({ registry, matched }) => ({
      why: `${registry} cannot be reached (${matched})`,
      hint: `check the registry's name, the network and the proxy of the engine's host; to copy an image from another host, use docker save there and docker load here`,
    }),
  ],
];

/** Explains the error output of a failed `docker pull`. */
export function explainPull(image: string, words: string): Explanation {
  const registry = parseImage(image)?.registry ?? hub;
  const login = registry === hub ? 'docker login' : `docker login ${registry}`;
  for (const [pattern, explain] of reasons) {
    const matched = pattern.exec(words)?.[0];
    if (matched !== undefined) return explain({ image, registry, login, matched });
  }
  return { why: 'docker pull failed' };
}

/** Explains the engine's message for a failed push. */
export function explainPush(image: string, words: string): Explanation {
  const registry = parseImage(image)?.registry ?? hub;
  if (/unauthorized|(?<!permission )denied|authentication required|no basic auth|forbidden/i.test(words)) {
    return {
      why: `${registry} does not allow this login to push`,
      hint: `log in as a user who is allowed to push: docker login ${registry === hub ? '' : registry}`.trimEnd(),
    };
  }
  const { why, hint } = explainPull(image, words);
  return hint === undefined ? { why: words } : { why, hint };
}

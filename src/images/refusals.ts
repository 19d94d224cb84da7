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
      why: `${registry} does not speak TLS (https)`,
      hint: `for a registry that is meant to be so: "insecure-registries": ["${registry}"] in the engine's daemon.json`,
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
      why: `${registry} has it for other kinds of machines only`,
      hint: 'use an image for this machine, or name another one with platform: in the compose file',
    }),
  ],
  [
    /manifest unknown|manifest for .* not found|repository .* not found|: not found$/im,
    ({ image, registry }) => ({ why: `${registry} has no such image`, hint: `check name and tag: ${image}` }),
  ],
  [
    /unauthorized|(?<!permission )denied|authentication required|no basic auth/i,
    ({ registry, login }) => ({
      why: `${registry} does not give it out: there is none, or a login is needed`,
      hint: `check the name, or log in: ${login}`,
    }),
  ],
  [
    /no such host|connection refused|i\/o timeout|network is unreachable|no route to host|deadline exceeded/i,
    ({ registry, matched }) => ({
      why: `${registry} cannot be reached (${matched})`,
      hint: `check the registry's name, the network and the proxy of the engine's host; an image that another host has comes here by docker save there and docker load here`,
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
      why: `${registry} does not let this login push there`,
      hint: `log in as somebody who may: docker login ${registry === hub ? '' : registry}`.trimEnd(),
    };
  }
  const { why, hint } = explainPull(image, words);
  return hint === undefined ? { why: words } : { why, hint };
}

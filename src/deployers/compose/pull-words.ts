/** What a failed pull means, and what to do about it. */
interface Explanation {
  why: string;
  /** Absent where the words say more than we know: they are shown. */
  hint?: string;
}

type Explain = (facts: { image: string; registry: string; login: string; matched: string }) => Explanation;

const reasons: readonly (readonly [RegExp, Explain])[] = [
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

const hub = 'docker.io';

/** What the words of a failed `docker pull` mean. Pure. */
export function explainPull(image: string, words: string): Explanation {
  const registry = registryOf(image);
  const login = registry === hub ? 'docker login' : `docker login ${registry}`;
  for (const [pattern, explain] of reasons) {
    const matched = pattern.exec(words)?.[0];
    if (matched !== undefined) return explain({ image, registry, login, matched });
  }
  return { why: 'docker pull failed' };
}

/** The registry that a name leads to: its first part, if that is a host. */
function registryOf(image: string): string {
  const [first = '', ...rest] = image.split('/');
  return rest.length > 0 && (/[.:]/.test(first) || first === 'localhost') ? first : hub;
}

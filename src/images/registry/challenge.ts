/** An authentication challenge of a registry's `WWW-Authenticate` header (RFC 9110 §11.6.1). */
export interface Challenge {
  /** `basic`, `bearer`, … */
  scheme: string;
  parameters: Readonly<Record<string, string>>;
}

/** Parses the challenges of a `WWW-Authenticate` header, up to the first part that is not valid. */
export function parseChallenges(header: string): Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
  const parameter = new RegExp(`^\\s*,?\\s*(${token})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|(${token}))`);
  const scheme = new RegExp(`^\\s*,?\\s*(${token})(?=\\s|,|$)(?!\\s*=)`);
  let rest = header;
  while (rest !== '') {
    const pair = parameter.exec(rest);
    const current = challenges.at(-1);
    if (pair !== null && current !== undefined) {
      current.parameters[(pair[1] ?? '').toLowerCase()] = pair[2]?.replaceAll(/\\(.)/g, '$1') ?? pair[3] ?? '';
      rest = rest.slice(pair[0].length);
      continue;
    }
    const next = scheme.exec(rest);
    if (next === null) break;
    challenges.push({ scheme: (next[1] ?? '').toLowerCase(), parameters: {} });
    rest = rest.slice(next[0].length);
  }
  return challenges;
}

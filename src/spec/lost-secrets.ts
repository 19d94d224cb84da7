import { findTokens, holdsValueOf, type StoredSecret } from './secrets.js';

/** A place, beside `secrets.env`, in which values of generated secrets were found. */
export interface SecretCopy {
  /** As messages name it. */
  place: string;
  values: ReadonlyMap<string, string>;
}

/** What is known of the generated secrets of a deployment. */
export interface SecretFacts {
  /** The config of the spec, tokens included. */
  config: ReadonlyMap<string, string>;
  /** What `secrets.env` holds; empty where there is none, or it cannot be read. */
  stored: ReadonlyMap<string, StoredSecret>;
  /** `secrets.env` ends in the middle of a line: no text of ours does. */
  cut: boolean;
  /** Names that had a value by the records of the directory. */
  recorded: ReadonlySet<string>;
  copies: readonly SecretCopy[];
  /** Names that are to get a new value. */
  rotate: ReadonlySet<string>;
}

export interface LostSecret {
  name: string;
  /** Where a copy of its value is. */
  places: string[];
}

/**
 * The names whose value `secrets.env` does not hold, or holds a part of: those that had one (lost), and those that
 * nothing shows a value for (absent). Pure. A name that is to be rotated is neither.
 */
export function findLostSecrets(facts: SecretFacts): { lost: LostSecret[]; absent: string[] } {
  const lost: LostSecret[] = [];
  const absent: string[] = [];
  for (const name of namesWithoutValue(facts)) {
    if (facts.rotate.has(name)) continue;
    const places = facts.copies.filter(({ values }) => values.has(name)).map(({ place }) => place);
    if (places.length > 0 || facts.recorded.has(name)) lost.push({ name, places });
    else absent.push(name);
  }
  return { lost, absent };
}

/** The names of the config whose value holds a `$generate` token. */
export function generatedNames(config: ReadonlyMap<string, string>): string[] {
  return [...config].filter(([, value]) => findTokens(value).tokens.length > 0).map(([name]) => name);
}

function namesWithoutValue({ config, stored, cut, copies }: SecretFacts): string[] {
  const last = [...stored.keys()].at(-1);
  return generatedNames(config).filter((name) => {
    const value = stored.get(name)?.value;
    if (value === undefined) return true;
    const known = copies.flatMap(({ values }) => values.get(name) ?? []);
    if (known.some((whole) => whole.length > value.length && whole.startsWith(value))) return true;
    return cut && name === last && !holdsValueOf(config.get(name) ?? '', value);
  });
}

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
  /** Where a copy of its value is: the first place that is known, and all that hold the same, alone or as a part of a text. */
  places: string[];
  /** Where another value is, from before a change. */
  others: string[];
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
    const found = facts.copies.filter(({ values }) => values.has(name));
    const first = found[0]?.values.get(name) ?? '';
    const isSame = ({ values }: SecretCopy): boolean => values.get(name)?.includes(first) === true;
    const places = found.filter(isSame).map(({ place }) => place);
    const others = found.filter((copy) => !isSame(copy)).map(({ place }) => place);
    if (found.length > 0 || facts.recorded.has(name)) lost.push({ name, places, others });
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

import { findTokens, holdsValueOf, type StoredSecret } from './generated-secrets.js';

/** A place other than `secrets.env` where values of generated secrets were found. */
export interface SecretCopy {
  /** How messages name it. */
  place: string;
  values: ReadonlyMap<string, string>;
}

/** What is known about the generated secrets of a deployment. */
export interface SecretFacts {
  /** The config of the spec, including tokens. */
  config: ReadonlyMap<string, string>;
  /** Content of `secrets.env`; empty if it does not exist or cannot be read. */
  stored: ReadonlyMap<string, StoredSecret>;
  /** Whether `secrets.env` ends in the middle of a line, which laconic-so never writes. */
  cut: boolean;
  /** Names that had a value according to the records of the deployment directory. */
  recorded: ReadonlySet<string>;
  copies: readonly SecretCopy[];
  /** Names that are to get a new value. */
  rotate: ReadonlySet<string>;
}

export interface LostSecret {
  name: string;
  /** Where copies of its value are: the first known place, and all that hold the same value, alone or in a text. */
  places: string[];
  /** Where other values are, from before a change. */
  others: string[];
}

/**
 * Finds the names whose value is missing from `secrets.env` or truncated there: lost if there is evidence of an earlier
 * value, else absent. Names to be rotated are in neither list.
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

/** The names in the config whose value contains a `$generate` token. */
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

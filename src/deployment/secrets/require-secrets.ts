import { isAbsolute, relative } from 'node:path';
import { findLostSecrets, generatedNames, type LostSecret, type SecretCopy } from '../../spec/lost-secrets.js';
import { parseSecretsEnv, type StoredSecret } from '../../spec/generated-secrets.js';
import type { Context } from '../../system/context.js';
import { InvalidFileError, isExplained, LaconicError } from '../../system/errors.js';
import { readTextIfAny, sha256 } from '../../system/files/files.js';
import { isBelow } from '../../system/files/path-names.js';
import type { DeploymentLayout } from '../directory/layout.js';
import { readManifest } from '../directory/manifest.js';
import type { Deployment } from '../access/open.js';
import { copiesInContainers, copiesOnDisk } from './secret-copies.js';
import type { TargetGenerators } from '../access/target.js';

/** The generated secrets that a command needs. */
export interface SecretsNeeded {
  /** The config of the spec that the command uses. */
  config: ReadonlyMap<string, string>;
  /** Names that the command gives a new value. */
  rotate: ReadonlySet<string>;
}

/**
 * Refuses to continue if a generated secret had a value and lost it: with a new value, services that were set up with
 * the old one would be locked out; without a value, they would run without a password. Earlier values are known from
 * the manifest and the history, or else from the containers or the cluster.
 * @returns names of the config without a value, and without evidence of an earlier one
 * @throws LaconicError with the names and the places where copies were found
 */
export async function requireSecrets(
  deployment: Deployment,
  { config, rotate }: SecretsNeeded,
  targets: TargetGenerators,
  context: Context,
): Promise<string[]> {
  const names = generatedNames(config);
  if (names.length === 0) return [];
  const { layout } = deployment;
  const text = await readTextIfAny(layout.secretsEnv);
  const { stored, problem } = readStored(text);
  const copies = await copiesOnDisk(layout);
  const recorded = await recordedNames(deployment, text, copies);
  const facts = { config, stored, cut: isCut(text), rotate, copies, recorded: recorded ?? new Set<string>() };
  const { lost, absent } = findLostSecrets(facts);
  // Without records only the engine or the cluster knows; otherwise they are another place to look for a copy.
  const asked = recorded === undefined ? [...lost.map(({ name }) => name), ...absent] : lost.map(({ name }) => name);
  if (asked.length === 0) return absent;
  const elsewhere = await copiesOfTarget(deployment, config, asked, targets, context);
  const found = findLostSecrets({ ...facts, copies: [...copies, ...elsewhere] });
  if (found.lost.length === 0) return found.absent;
  throw lostError(layout, text, found.lost, problem);
}

function readStored(text = ''): { stored: ReadonlyMap<string, StoredSecret>; problem?: InvalidFileError } {
  try {
    return { stored: parseSecretsEnv(text) };
  } catch (error) {
    if (error instanceof InvalidFileError) return { stored: new Map(), problem: error };
    throw error;
  }
}

function isCut(text: string | undefined): boolean {
  return text !== undefined && text !== '' && !text.endsWith('\n');
}

/**
 * The names that had a value when the directory was last written, if `secrets.env` has changed since then.
 * @returns undefined for a directory without records: of the Python program, or copied without `.laconic`
 */
async function recordedNames(
  { layout, spec }: Deployment,
  text: string | undefined,
  copies: readonly SecretCopy[],
): Promise<Set<string> | undefined> {
  const manifest = await readManifest(layout);
  if (manifest === undefined) return copies.length === 0 ? undefined : new Set();
  const written = manifest['secrets.env'];
  if (written === undefined || (text !== undefined && sha256(text) === written)) return new Set();
  const kept = copies.find(({ place }) => place === layout.secretsCopy);
  // Directories of earlier versions have no copy: their spec shows what was generated.
  return new Set(kept === undefined ? generatedNames(spec.config) : kept.values.keys());
}

async function copiesOfTarget(
  deployment: Deployment,
  config: ReadonlyMap<string, string>,
  names: readonly string[],
  targets: TargetGenerators,
  context: Context,
): Promise<SecretCopy[]> {
  try {
    const target = await targets(deployment.spec.deployTo, context);
    if (target === undefined) return await copiesInContainers(deployment, config, names, context);
    const copy = await target.generatedSecrets(deployment);
    return copy === undefined ? [] : [copy];
  } catch (error) {
    if (!isExplained(error)) throw error;
    context.report.warn(`it is not known whether a copy of ${names.join(', ')} is in use: ${error.message}`);
    return [];
  }
}

function lostError(
  { root, secretsEnv }: DeploymentLayout,
  text: string | undefined,
  lost: readonly LostSecret[],
  problem: InvalidFileError | undefined,
): LaconicError {
  const names = lost.map(({ name }) => name);
  const what = text === undefined ? 'is missing' : `no longer holds the whole value of ${names.join(', ')}`;
  const listed = (places: readonly string[]): string =>
    places
      .map((place) => (isAbsolute(place) && isBelow(place, root) ? relative(root, place) : place))
      .join(', and in ');
  const lines = lost.map(({ name, places, others }) => {
    const where = places.length === 0 ? 'no copy was found' : `a copy is in ${listed(places)}`;
    return `  ${name}: ${where}${others.length === 0 ? '' : `; an earlier or later value is in ${listed(others)}`}`;
  });
  const because = problem === undefined ? [] : [`  ${problem.message}`];
  return new LaconicError(
    [`${secretsEnv} ${what}: generated secrets of this deployment`, ...because, ...lines].join('\n'),
    {
      hint: `nothing was changed. Restore the file from a backup or one of these copies. Only if the value is no longer needed: deployment --dir ${root} restart ${names.map((name) => `--rotate-secret ${name}`).join(' ')} generates a new one, which services that were set up with the old one do not know`,
    },
  );
}

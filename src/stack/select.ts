import type { Reporter } from '../system/report.js';
import { didYouMean } from '../system/suggest.js';

/** The result of `--include` and `--exclude`, with warnings for the operator. */
export interface Selection {
  selected: string[];
  excluded: string[];
  warnings: string[];
}

/** Splits a comma-separated list, trimming items and dropping empty ones. */
export function commaList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/**
 * Selects names by comma-separated lists: `include` wins over `exclude`, the order of `names` is kept. Unknown names
 * and an empty result are warnings that list the valid names, never errors.
 */
export function selectNames(
  names: readonly string[],
  options: { include?: string | undefined; exclude?: string | undefined },
): Selection {
  const include = options.include === undefined ? undefined : commaList(options.include);
  const exclude = include === undefined ? commaList(options.exclude ?? '') : [];
  const wanted = (name: string): boolean => (include === undefined ? !exclude.includes(name) : include.includes(name));
  const selected = names.filter(wanted);
  const option = include === undefined ? '--exclude' : '--include';
  const warnings = (include ?? exclude)
    .filter((name) => !names.includes(name))
    .map((name) => `${option} names ${name}, which is not one of: ${names.join(', ')}${didYouMean(name, names)}`);
  if (selected.length === 0 && names.length > 0) warnings.push(`${option} leaves nothing of: ${names.join(', ')}`);
  return { selected, excluded: names.filter((name) => !wanted(name)), warnings };
}

/** Reports the warnings of a selection, and with `--verbose` the excluded names. */
export function reportSelection({ excluded, warnings }: Omit<Selection, 'selected'>, report: Reporter): void {
  for (const warning of warnings) report.warn(warning);
  for (const name of excluded) report.verbose(`Excluding: ${name}`);
}

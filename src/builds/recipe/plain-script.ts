import { dirname } from 'node:path';

/** Lines of a build script that neither create nor use an image. */
const harmless = [
  /^set( [-+][a-z]+( pipefail)?)+$/,
  /^(source|\.) "?\$\{?CERC_CONTAINER_BASE_DIR\}?"?\/build-base\.sh"?$/,
  /^(echo|printf) [\w "'.,:-]*$/,
];

/** Variants of `here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)`. */
const ownFolder =
  /^(\w+)="?\$\( *cd (?:-- )?"?\$\( *dirname (?:-- )?"?(?:\$\{BASH_SOURCE\[0\]\}|\$\{?BASH_SOURCE\}?|\$0)"? *\)"? *(?:(?:&>|>) ?\/dev\/null *(?:2>&1 *)?)?&& pwd *\)"?$/;

/**
 * Returns the arguments of `docker build` in a script that does nothing else, with variables replaced: the images of
 * such a script, as most build scripts are, are known before it runs.
 * @param file the script's absolute path
 * @param variables the known part of its environment
 * @param extra the replacement for `build_command_args`
 * @returns undefined for any other script
 */
export function wordsOfPlainScript(
  text: string,
  file: string,
  variables: Readonly<Record<string, string>>,
  extra: readonly string[],
): string[] | undefined {
  const known = new Map(Object.entries(variables));
  let found: string[] | undefined;
  for (const line of commands(text)) {
    const own = ownFolder.exec(line)?.[1];
    if (own !== undefined) known.set(own, dirname(file));
    if (own !== undefined || harmless.some((pattern) => pattern.test(line))) continue;
    const words = /^docker (?:image )?build /.test(line) && found === undefined ? wordsOf(line) : undefined;
    if (words === undefined) return undefined;
    found = words
      .slice(words.indexOf('build') + 1)
      .flatMap((word) => (/^\$\{?build_command_args\}?$/.test(word) ? extra : [replaced(word, known)]));
  }
  return found;
}

function commands(text: string): string[] {
  return text
    .replaceAll(/\\\r?\n/g, ' ')
    .split(/\r?\n/)
    .map((line) => line.trim().replaceAll(/[ \t]+/g, ' '))
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** The words of a command; undefined if it contains more than words, variables and fully quoted words. */
function wordsOf(line: string): string[] | undefined {
  if (/[;|&<>`()*?[\]~!#\\']/.test(line)) return undefined;
  const words = line.match(/(?:[^\s"]|"[^"]*")+/g) ?? [];
  return words.map((word) => word.replaceAll('"', ''));
}

/** An unknown variable stays as it is. */
function replaced(word: string, known: ReadonlyMap<string, string>): string {
  return word.replaceAll(/\$(?:(\w+)|\{(\w+)\})/g, (all, plain?: string, braced?: string) => {
    return known.get(plain ?? braced ?? '') ?? String(all);
  });
}

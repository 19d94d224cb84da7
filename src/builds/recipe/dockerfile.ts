/** Build arguments, which a Dockerfile may depend on: values by name. */
export type BuildArguments = ReadonlyMap<string, string>;

const knownSyntax = /^(docker\.io\/)?docker\/dockerfile(-upstream)?(:|@|$)/;

/**
 * Finds the images a Dockerfile is built from: `FROM`, `COPY --from` and `RUN --mount=…,from=`, without its own stages.
 * @param given build arguments of the command line, which override the defaults of `ARG`
 * @returns undefined if the text alone does not determine them
 */
export function imagesOfDockerfile(text: string, given: BuildArguments = new Map()): Set<string> | undefined {
  const images = new Set<string>();
  const stages = new Set<string>();
  const values = new Map(given);
  const syntax = /^#\s*syntax\s*=\s*(\S+)/i.exec(text.replace(/^\ufeff/, ''))?.[1];
  if (syntax !== undefined && !knownSyntax.test(syntax)) return undefined;
  let from = 0;
  for (const line of instructions(text)) {
    const [word = '', ...rest] = line.split(/\s+/);
    const instruction = word.toUpperCase();
    if (instruction === 'ARG' && from === 0) declare(rest, given, values);
    if (instruction === 'FROM') {
      const [reference, as, stage] = rest.filter((each) => !each.startsWith('--'));
      const image = expand(reference ?? '', values);
      if (image === undefined || image === '') return undefined;
      if (image !== 'scratch' && !stages.has(image.toLowerCase())) images.add(image);
      if (as?.toUpperCase() === 'AS' && stage !== undefined) stages.add(stage.toLowerCase());
      from += 1;
    }
    for (const source of sources(line)) {
      if (source.includes('$')) return undefined;
      if (!stages.has(source.toLowerCase()) && !/^\d+$/.test(source)) images.add(source);
    }
  }
  return from === 0 ? undefined : images;
}

/** The instructions of a Dockerfile, one per line: comments removed, continued lines joined. */
function instructions(text: string): string[] {
  const escape = /^#\s*escape\s*=\s*`/im.test(text.split(/^\s*[^#\s]/m)[0] ?? '') ? '`' : '\\';
  const found: string[] = [];
  let open = '';
  for (const raw of text.replace(/^\ufeff/, '').split(/\r?\n/)) {
    const line = raw.trim();
    if (line.startsWith('#') || line === '') continue;
    if (line.endsWith(escape)) {
      open += `${line.slice(0, -1)} `;
      continue;
    }
    found.push(open + line);
    open = '';
  }
  return open === '' ? found : [...found, open];
}

function declare(words: readonly string[], given: BuildArguments, values: Map<string, string>): void {
  for (const word of words) {
    const [name = '', ...rest] = word.split('=');
    if (rest.length === 0 || given.has(name)) continue;
    const value = expand(rest.join('=').replace(/^(["'])(.*)\1$/, '$2'), values);
    if (value === undefined) values.delete(name);
    else values.set(name, value);
  }
}

/** The images or stages in `COPY --from=` and `RUN --mount=`. */
function sources(line: string): string[] {
  const copied = /^(?:ONBUILD\s+)?(?:COPY|ADD)\s/i.test(line) ? [...line.matchAll(/\s--from=(\S+)/g)] : [];
  const mounted = /^(?:ONBUILD\s+)?RUN\s/i.test(line) ? [...line.matchAll(/\s--mount=(?:\S*,)?from=([^,\s]+)/g)] : [];
  return [...copied, ...mounted].map(([, name = '']) => name.replace(/^(["'])(.*)\1$/, '$2'));
}

/** Expands variables in a text: `$X`, `${X}`, `${X:-y}`, `${X:+y}`; undefined if one has no value. */
function expand(text: string, values: BuildArguments): string | undefined {
  let known = true;
  const expanded = text.replaceAll(
    /\$(?:(\w+)|\{(\w+)(?::([-+])([^{}$]*))?\})/g,
    (_all, plain?: string, braced?: string, operator?: string, word = '') => {
      const value = values.get(plain ?? braced ?? '') ?? '';
      if (operator === '-') return value === '' ? String(word) : value;
      if (operator === '+') return value === '' ? '' : String(word);
      if (value === '') known = false;
      return value;
    },
  );
  return known && !expanded.includes('$') ? expanded : undefined;
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageDirectory } from '../../src/system/package.js';

/** A page that users or contributors read. */
export interface Page {
  /** Its path in the repository. */
  path: string;
  text: string;
}

/** A command line in a shell block of a page. */
export interface DocumentedCommand {
  /** `<page>:<line>`. */
  place: string;
  /** Without a comment and the `$` of a transcript. */
  line: string;
  /** What a transcript shows below it. */
  output: readonly string[];
}

/** All pages, in the order in which they are read: README first. */
export function readPages(): Page[] {
  const root = packageDirectory();
  const docs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
  const paths = ['README.md', ...docs.sort().map((name) => `docs/${name}`), 'CONTRIBUTING.md', 'test/README.md'];
  return paths.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

/**
 * Returns the command lines of the `sh` and `console` blocks of a page. In a `console` block, a transcript, they begin
 * with `$`. A block that begins with `#!` is a script and not for typing.
 */
export function commandsOf({ path, text }: Page): DocumentedCommand[] {
  const commands: (DocumentedCommand & { output: string[] })[] = [];
  let block: 'sh' | 'console' | 'script' | 'other' | undefined;
  text.split('\n').forEach((line, index) => {
    const fence = /^```(\w*)$/.exec(line)?.[1];
    if (fence !== undefined) {
      const opened = fence === 'sh' || fence === 'console' ? fence : 'other';
      block = block === undefined ? opened : undefined;
    } else if (block === 'sh' && line.startsWith('#!')) {
      block = 'script';
    } else if ((block === 'sh' && line !== '') || (block === 'console' && line.startsWith('$ '))) {
      commands.push({ place: `${path}:${index + 1}`, line: line.replace(/^\$ |\s+#.*$/g, ''), output: [] });
    } else if (block === 'console') {
      commands.at(-1)?.output.push(line);
    }
  });
  return commands;
}

/** Returns the code spans of a page, outside of blocks, each with its place. */
export function codeSpansOf({ path, text }: Page): { place: string; code: string }[] {
  let inBlock = false;
  return text.split('\n').flatMap((line, index) => {
    if (line.startsWith('```')) inBlock = !inBlock;
    if (inBlock) return [];
    return [...line.matchAll(/`([^`]+)`/g)].map(([, code = '']) => ({ place: `${path}:${index + 1}`, code }));
  });
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageDirectory } from '../../../src/system/package.js';

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
  const stacks = readdirSync(join(root, 'stacks')).map((name) => `stacks/${name}/README.md`);
  const paths = [
    'README.md',
    ...docs.sort().map((name) => `docs/${name}`),
    ...stacks,
    'CONTRIBUTING.md',
    'test/README.md',
  ];
  return paths.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

/**
 * Returns the command lines of the `sh`, `bash` and `console` blocks of a page. In a `console` block, a transcript,
 * they begin with `$`. A block that begins with `#!` is a script and not for typing.
 */
export function commandsOf({ path, text }: Page): DocumentedCommand[] {
  const commands: (DocumentedCommand & { output: string[] })[] = [];
  let block: 'sh' | 'console' | 'script' | 'other' | undefined;
  text.split('\n').forEach((line, index) => {
    const fence = /^```(\w*)$/.exec(line)?.[1]?.replace('bash', 'sh');
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

/** Command lines of README and docs/ that the test which runs them leaves out, and why. */
export const notRun: Readonly<Record<string, string>> = {
  'npm run demo -- --install': 'installs an engine; the commands of its transcript are run',
  'npm test && npm run test:kubernetes': 'is what CI runs',
  'npm ci && npm run build && npm pack': 'CI runs these',
  'npm install --global ./laconic-so-*.tgz': 'changes the machine; CI installs the package into a folder',
  'curl http://localhost:32769/': 'the port is another one; the demo fetches the page',
  'laconic-so deployment --dir my-demo-k8s start': 'creates a kind cluster: see test/kubernetes',
  'docker login registry.example.org': 'needs an account of a registry',
  'laconic-so --stack my-stack build-containers --publish-images --image-registry registry.example.org/team':
    'needs a registry: see test/registry',
  'laconic-so --stack my-stack fetch-containers --image-registry ghcr.io/my-org': 'needs a registry: see test/registry',
  'laconic-so deployment --dir D push-images': 'needs a registry: see test/registry',
  'pass show ghcr | laconic-so --stack my-stack fetch-containers --image-registry ghcr.io/my-org --registry-username me --registry-token-stdin':
    'needs a registry: see test/registry',
};

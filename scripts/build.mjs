// npm run build [-- ENTRY OUTPUT]
//
// Bundles src/cli.ts and everything it loads lazily into dist/, without dependencies of its own. dist/ is built beside
// and exchanged at the end, so that a program that runs from it never sees half of it.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [entry = 'src/cli.ts', output = 'dist'] = process.argv.slice(2);
const target = resolve(root, output);

/** `<version>-<short commit>-<yyyymmddHHMM>`, in UTC. */
function buildTag() {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  let commit = 'unknown';
  try {
    commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim();
  } catch {
    // An unpacked archive has no history.
  }
  const minute = new Date().toISOString().replace(/\D/g, '').slice(0, 12);
  return `${version}-${commit}-${minute}`;
}

/**
 * Packages that are loaded at once and never used: by dockerode for ssh (we go through `docker system dial-stdio`) and
 * for builds (images are built by the docker program), by the Kubernetes client for requests of its own (Transport
 * sends ours), by commander for commands that are programs.
 */
const unused = {
  name: 'unused-packages',
  resolveId(id, importer = '') {
    const isUnused =
      /^(ssh2|@grpc\/grpc-js|@grpc\/proto-loader|protobufjs|tar-fs|@balena\/dockerignore|node-fetch)$/.test(id) ||
      (id === 'node:child_process' && /[\\/]commander[\\/]/.test(importer));
    return isUnused ? `\0unused:${id}` : undefined;
  },
  load: { filter: { id: /^\0unused:/ }, handler: () => 'module.exports = {};' },
};

/**
 * What we use of the Kubernetes client reads kubeconfigs and opens streams; the API that is generated into it is ten
 * times as large. It does not say that its modules do nothing but export, so everything would stay in the bundle.
 */
const withoutSideEffects = { test: /[\\/]@kubernetes[\\/]client-node[\\/]dist[\\/]/, sideEffects: false };

/**
 * Modules that are loaded together stand in one file, with all that they import: Node takes longer to find and link
 * many small modules than to compile them. The entry itself stays apart, since a file that imported from it would wait
 * for the command to end. Other modules are split by the commands that load them.
 */
const groups = [
  { name: 'base', tags: ['$initial'], test: /^(?!.*[\\/]src[\\/]cli\.ts$)/, priority: 3 },
  { name: 'stack', test: /[\\/]src[\\/](compose|deployment|spec|stack|system)[\\/]/, priority: 2 },
  { name: 'compose', test: /[\\/]src[\\/]deployers[\\/](compose|readiness)[\\/]/, priority: 1 },
];

const next = `${target}.next-${process.pid}`;
const previous = `${target}.previous-${process.pid}`;
try {
  const bundle = await rolldown({
    cwd: root,
    input: { cli: entry },
    platform: 'node',
    tsconfig: false,
    // Its modules for Node are CommonJS: slower to load and to run than the same code in the others.
    resolve: { alias: { yaml: join(root, 'node_modules/yaml/browser/index.js') } },
    transform: { target: 'node20', define: { __BUILD_TAG__: JSON.stringify(buildTag()) } },
    treeshake: { moduleSideEffects: [withoutSideEffects] },
    plugins: [unused],
  });
  const { output: files } = await bundle.write({
    dir: next,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    // What a module defines keeps its name, which --debug shows in stack traces.
    minify: { mangle: { toplevel: false } },
    comments: { legal: true, jsdoc: false, annotation: false },
    codeSplitting: { groups },
  });
  const fromEntry = files.filter((file) => file.type === 'chunk' && file.imports.includes('cli.js'));
  if (fromEntry.length > 0)
    throw new Error(`imports from cli.js: ${fromEntry.map((file) => file.fileName).join(', ')}`);
  const cli = join(next, 'cli.js');
  const text = readFileSync(cli, 'utf8');
  // The second line is a string and a comment to Node. To a shell it starts Node, which would take our own option
  // --env-file for its, wherever it stands, but for the `--`. BusyBox's env has no -S, which could do the same.
  writeFileSync(cli, `#!/bin/sh\n':' //; exec node -- "$0" "$@"\n${text}`);
  chmodSync(cli, 0o755);
  const python = join(root, 'src', 'stack', 'hooks', 'python');
  if (existsSync(python)) {
    cpSync(python, join(next, 'python'), {
      recursive: true,
      filter: (path) => !path.includes('__pycache__'),
    });
  }
  if (existsSync(target)) renameSync(target, previous);
  renameSync(next, target);
} finally {
  rmSync(next, { recursive: true, force: true });
  rmSync(previous, { recursive: true, force: true });
}

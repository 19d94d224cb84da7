// npm run build [-- ENTRY OUTPUT]
//
// Bundles src/cli.ts and everything it loads lazily into dist/, without dependencies of its own. dist/ is built beside
// and exchanged at the end, so that a program that runs from it never sees half of it.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

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
  setup(bundle) {
    const filter = /^(ssh2|@grpc\/grpc-js|@grpc\/proto-loader|protobufjs|tar-fs|@balena\/dockerignore|node-fetch)$/;
    bundle.onResolve({ filter }, ({ path }) => ({ path, namespace: 'unused' }));
    bundle.onResolve({ filter: /^node:child_process$/ }, ({ path, importer }) =>
      /[\\/]commander[\\/]/.test(importer) ? { path, namespace: 'unused' } : undefined,
    );
    bundle.onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: 'module.exports = {};' }));
  },
};

/**
 * What we use of the Kubernetes client reads kubeconfigs and opens streams; the API that is generated into it is ten
 * times as large. It does not say that its modules do nothing but export, so everything would stay in the bundle.
 */
const kubernetesClient = {
  name: 'kubernetes-client',
  setup(bundle) {
    const inside = /[\\/]@kubernetes[\\/]client-node[\\/]dist[\\/]/;
    bundle.onResolve({ filter: /^\.|^@kubernetes\/client-node$/ }, async ({ path, pluginData, ...from }) => {
      const ours = path.startsWith('@') || inside.test(from.importer);
      if (!ours || pluginData === 'resolved') return undefined;
      const { importer, resolveDir, kind, namespace } = from;
      const found = await bundle.resolve(path, { importer, resolveDir, kind, namespace, pluginData: 'resolved' });
      return { ...found, sideEffects: false };
    });
  },
};

const next = `${target}.next-${process.pid}`;
const previous = `${target}.previous-${process.pid}`;
try {
  await build({
    absWorkingDir: root,
    entryPoints: { cli: entry },
    outdir: next,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    splitting: true,
    // Functions and classes keep their names, which --debug shows in stack traces; keepNames would set each of them at
    // every start.
    minifyWhitespace: true,
    minifySyntax: true,
    // Its modules for Node are CommonJS: slower to load and to run than the same code in the others.
    alias: { yaml: join(root, 'node_modules/yaml/browser/index.js') },
    define: { __BUILD_TAG__: JSON.stringify(buildTag()) },
    // CommonJS packages inside call `require` for what Node brings.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    legalComments: 'linked',
    plugins: [unused, kubernetesClient],
    logLevel: 'warning',
  });
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

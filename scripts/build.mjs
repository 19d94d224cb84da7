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
 * Packages that dockerode loads at once and needs only for ssh (we go through `docker system dial-stdio`) and for build
 * sessions (images are built by the docker program): most of its weight.
 */
const unused = {
  name: 'unused-packages',
  setup(bundle) {
    const filter = /^(ssh2|@grpc\/grpc-js|@grpc\/proto-loader|protobufjs)$/;
    bundle.onResolve({ filter }, ({ path }) => ({ path, namespace: 'unused' }));
    bundle.onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: 'module.exports = {};' }));
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
    minify: true,
    // Errors are told apart by the names of their classes.
    keepNames: true,
    define: { __BUILD_TAG__: JSON.stringify(buildTag()) },
    // CommonJS packages inside call `require` for what Node brings.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    legalComments: 'linked',
    plugins: [unused],
    logLevel: 'warning',
  });
  const cli = join(next, 'cli.js');
  const text = readFileSync(cli, 'utf8');
  // `--`: Node 20 would take our own option --env-file for its, wherever it stands.
  writeFileSync(cli, `#!/usr/bin/env -S node --\n${text}`);
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

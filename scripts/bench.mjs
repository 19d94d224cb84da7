// npm run bench: what docs/performance.md promises, measured against its peer in the same run.
// Prints one row per promise: medians, the ratio, the limit. Exits 1 when a limit is broken.
// `npm run bench -- compose`, `-- kubernetes` and `-- repositories` measure one part only.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureBuilds } from './bench/builds.mjs';
import { measureKubernetes } from './bench/kubernetes.mjs';
import { compare, median, peakMemory, timed } from './bench/measure.mjs';
import { measureRepositories } from './bench/repositories.mjs';
import { writeHealthyStack, writeLargeStack } from './bench/stacks.mjs';
import { build, installDependencies, root, runMain } from './setup-project.mjs';

const cli = join(root, 'dist', 'cli.js');
const bareNode = { program: process.execPath, args: ['-e', '0'] };
const rows = [];

function call(...args) {
  return { program: process.execPath, args: [cli, ...args] };
}

function record(promise, ours, peer, limit, unit = 's') {
  const ratio = peer === undefined ? undefined : ours / peer;
  const kept = ratio === undefined ? ours <= limit : ratio <= limit;
  const value = (number) => (number === undefined ? '' : `${number.toFixed(unit === 's' ? 3 : 1)} ${unit}`);
  rows.push([
    promise,
    value(ours),
    value(peer),
    ratio?.toFixed(2) ?? '',
    `≤ ${limit}${ratio === undefined ? ` ${unit}` : ''}`,
    kept ? 'yes' : 'NO',
  ]);
}

async function measureVersion() {
  const times = await compare(21, [
    { name: 'ours', run: () => timed(call('version')) },
    { name: 'node', run: () => timed(bareNode) },
  ]);
  record('version / node -e 0', times.get('ours'), times.get('node'), 2.5);
  record('version: peak memory', median([1, 2, 3].map(() => peakMemory([cli, 'version']))), undefined, 50, 'MiB');
}

/** Seconds of `deploy init`, and of `deploy create` with what it wrote. */
function initAndCreate(folder, stack) {
  const spec = join(folder, 'spec.yml');
  const directory = join(folder, 'deployment');
  rmSync(spec, { force: true });
  rmSync(directory, { recursive: true, force: true });
  const init = timed(call('--stack', stack, 'deploy', 'init', '--output', spec));
  const create = timed(call('--stack', stack, 'deploy', 'create', '--spec-file', spec, '--deployment-dir', directory));
  return { init, create };
}

async function measureCreate(folder) {
  const [sixty, hundred, fiveHundred] = [60, 100, 500].map((count) => writeLargeStack(folder, count));
  const file = join(sixty, '..', '..', 'compose', 'docker-compose-large-60.yml');
  const both = await compare(9, [
    {
      name: 'ours',
      run: () => {
        const { init, create } = initAndCreate(folder, sixty);
        return init + create;
      },
    },
    { name: 'compose', run: () => 2 * timed({ program: 'docker', args: ['compose', '--file', file, 'config'] }) },
  ]);
  record('init + create of 60 services / 2 × docker compose config', both.get('ours'), both.get('compose'), 2.5);
  const growth = await compare(5, [
    { name: '500', run: () => initAndCreate(folder, fiveHundred).create },
    { name: '100', run: () => initAndCreate(folder, hundred).create },
  ]);
  record('create of 500 services / of 100', growth.get('500'), growth.get('100'), 6);
}

async function measureStart(folder) {
  const stack = writeHealthyStack(folder);
  initAndCreate(folder, stack);
  const directory = join(folder, 'deployment');
  const project = /^cluster-id: (.*)$/m.exec(readFileSync(join(directory, 'deployment.yml'), 'utf8'))[1];
  const compose = (...args) => ({
    program: 'docker',
    args: [
      'compose',
      '--file',
      join(directory, 'compose', 'docker-compose-healthy.yml'),
      '--env-file',
      join(directory, 'config.env'),
      '--project-name',
      project,
      ...args,
    ],
    env: { CERC_HOST_UID: String(process.getuid()), CERC_HOST_GID: String(process.getgid()) },
  });
  const down = () => void timed(compose('down', '--timeout', '0'));
  try {
    const cold = await compare(7, [
      { name: 'ours', before: down, run: () => timed(call('deployment', '--dir', directory, 'start')) },
      { name: 'compose', before: down, run: () => timed(compose('up', '-d', '--wait')) },
    ]);
    record('start of 5 services / up -d --wait', cold.get('ours'), cold.get('compose'), 1.15);
    timed(call('deployment', '--dir', directory, 'start'));
    const before = containerIds(project);
    const warm = await compare(15, [
      { name: 'ours', run: () => timed(call('deployment', '--dir', directory, 'start')) },
      { name: 'compose', run: () => timed(compose('up', '-d', '--wait')) },
    ]);
    if (containerIds(project) !== before) throw new Error('a start with nothing to do recreated containers');
    record('start with nothing to do / up -d --wait', warm.get('ours'), warm.get('compose'), 1);
  } finally {
    down();
  }
}

function containerIds(project) {
  const found = spawnSync(
    'docker',
    ['ps', '-aq', '--no-trunc', '--filter', `label=com.docker.compose.project=${project}`],
    { encoding: 'utf8' },
  );
  return found.stdout.split('\n').sort().join('\n');
}

function printTable() {
  const table = [['promise', 'ours', 'peer', 'ratio', 'limit', 'kept'], ...rows];
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  for (const [index, row] of table.entries()) {
    console.log(`| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`);
    if (index === 0) console.log(`| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`);
  }
}

await runMain(async () => {
  installDependencies();
  build();
  const folder = mkdtempSync(join(tmpdir(), 'laconic-bench-'));
  const [only] = process.argv.slice(2);
  try {
    if (only === undefined || only === 'compose') {
      await measureVersion();
      await measureCreate(folder);
      await measureStart(folder);
      await measureBuilds({ call, record }, folder);
    }
    if (only === undefined || only === 'kubernetes') await measureKubernetes({ root, cli, call, record }, folder);
    if (only === undefined || only === 'repositories') await measureRepositories({ call, record }, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  printTable();
  if (rows.some((row) => row.at(-1) === 'NO')) process.exitCode = 1;
});

// npm run demo -- [--install | --remove]
//
// From a fresh clone to a page served by a container: installs the npm dependencies, builds the program, and walks
// through the README's story with it. Run again, it goes on with the deployment it made.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline/promises';
import {
  build,
  checkNode,
  engineMissing,
  Failure,
  installDependencies,
  installEngine,
  rerunInDockerGroup,
  root,
  runMain,
} from './setup-project.mjs';

const folder = join(root, 'demo');
const spec = join(folder, 'spec.yml');
const deployment = join(folder, 'deployment');
const cli = join(root, 'dist', 'cli.js');

/** A path as one would type it here. */
function shown(path) {
  const short = relative(root, path);
  return short.startsWith('..') ? path : short;
}

/** Prints and runs one command of the program; with `capture` its stdout is returned and shown. */
function laconic(args, { capture = false } = {}) {
  console.log(`\n$ node ${shown(cli)} ${args.map(shownWord).join(' ')}`);
  const result = spawnSync(process.execPath, [cli, ...args], {
    cwd: root,
    stdio: ['inherit', capture ? 'pipe' : 'inherit', 'inherit'],
    encoding: 'utf8',
  });
  if (capture) process.stdout.write(result.stdout ?? '');
  if (result.status !== 0) {
    throw new Failure(`the command above ended with ${result.signal ?? result.status}; the demo stops here`);
  }
  return result.stdout ?? '';
}

function shownWord(word) {
  return word.startsWith(root) ? shown(word) : word;
}

async function agrees(question) {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`${question} [y/N] `);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

async function ensureEngine(install) {
  let missing = engineMissing();
  if (missing.length === 0) return;
  const list = missing.map((line) => `  - ${line}`).join('\n');
  const allowed =
    install ||
    (process.stdin.isTTY &&
      (await agrees(`The demo needs containers, and\n${list}\nInstall and start it from Debian?`)));
  if (!allowed) {
    throw new Failure(
      `the demo needs containers, and\n${list}\nnpm run demo -- --install sees to it (Debian, as root or with sudo)`,
    );
  }
  missing = installEngine();
  if (missing.length === 0) return;
  const code = rerunInDockerGroup();
  if (code === undefined) throw new Failure(missing.join('\n'));
  process.exit(code);
}

/** `0.0.0.0:32768` → where this machine reaches it. */
function addressOf(line) {
  const found = /^(.*):(\d+)$/.exec(line.trim().split('\n')[0] ?? '');
  if (!found) throw new Failure(`expected an address like 0.0.0.0:32768, and got: ${line.trim()}`);
  const host = found[1] === '0.0.0.0' || found[1] === '[::]' ? 'localhost' : found[1];
  return `http://${host}:${found[2]}/`;
}

async function visit(url) {
  console.log(`\n$ curl ${url}`);
  let page;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    page = await response.text();
    if (!response.ok) throw new Error(`status ${response.status}`);
  } catch (error) {
    throw new Failure(`the page at ${url} cannot be fetched: ${error.cause?.message ?? error.message}`);
  }
  const facts = [...page.matchAll(/<dd>(.*?)<\/dd>/g)].map((match) => match[1]);
  for (const fact of facts) console.log(`    ${fact}`);
  const counter = /Counter: (\d+)/.exec(page);
  if (!counter) throw new Failure(`the page at ${url} shows no counter`);
  return Number(counter[1]);
}

function remove() {
  if (existsSync(deployment)) laconic(['deployment', '--dir', deployment, 'stop', '--delete-volumes']);
  rmSync(folder, { recursive: true, force: true });
  console.log('\nThe demo is stopped, and its deployment and data are deleted. The images are kept.');
}

async function main() {
  const known = ['--install', '--remove'];
  const args = process.argv.slice(2);
  const unknown = args.filter((arg) => !known.includes(arg));
  if (unknown.length > 0) throw new Failure(`unknown option ${unknown[0]}; known are ${known.join(' and ')}`);

  checkNode();
  if (args.includes('--remove')) {
    if (!existsSync(folder)) return console.log('There is no demo to remove.');
    if (!existsSync(cli)) {
      installDependencies();
      build();
    }
    return remove();
  }
  installDependencies();
  build();
  await ensureEngine(args.includes('--install'));

  mkdirSync(folder, { recursive: true });
  // Nothing of the demo is for git.
  writeFileSync(join(folder, '.gitignore'), '*\n');

  laconic(['--stack', 'demo', 'build-containers']);
  if (existsSync(spec)) console.log(`\n${shown(spec)} is there from last time.`);
  else laconic(['--stack', 'demo', 'deploy', 'init', '--output', spec]);
  if (existsSync(deployment)) console.log(`\n${shown(deployment)} is there from last time.`);
  else laconic(['--stack', 'demo', 'deploy', 'create', '--spec-file', spec, '--deployment-dir', deployment]);
  laconic(['deployment', '--dir', deployment, 'start']);
  const url = addressOf(laconic(['deployment', '--dir', deployment, 'port', 'demo', '8080'], { capture: true }));

  const first = await visit(url);
  const second = await visit(url);
  if (second <= first) throw new Failure(`the counter does not go up: ${first}, then ${second}`);

  const dir = shown(deployment);
  console.log(`
It runs: open ${url} in a browser.

  node dist/cli.js deployment --dir ${dir} status     what runs
  node dist/cli.js deployment --dir ${dir} logs       what it printed
  node dist/cli.js deployment --dir ${dir} run-job demo-report
  node dist/cli.js deployment --dir ${dir} stop       stop it; its data stays
  npm run demo -- --remove                            stop it and delete all of it`);
}

await runMain(main);

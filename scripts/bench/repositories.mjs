// setup-repositories against git itself: 20 local repositories, cloned and found in place.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compare, timed } from './measure.mjs';

const count = 20;
const jobs = 4;

const env = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' };
const person = ['-c', 'user.name=bench', '-c', 'user.email=bench@example.invalid', '-c', 'init.defaultBranch=main'];

function git(cwd, ...args) {
  timed({ program: 'git', args: [...person, ...args], cwd, env });
}

/** A repository like those of a stack: 400 files in folders, 5 MB that do not compress, ten commits. */
function writeRepository(folder) {
  mkdirSync(folder, { recursive: true });
  git(folder, 'init', '--quiet');
  for (let commit = 0; commit < 10; commit += 1) {
    const inside = join(folder, `folder${commit}`);
    mkdirSync(inside);
    for (let file = 0; file < 40; file += 1) writeFileSync(join(inside, `file${file}`), randomBytes(12_500));
    git(folder, 'add', '.');
    git(folder, 'commit', '--quiet', '--message', `commit ${commit}`);
  }
  git(folder, 'gc', '--quiet');
}

/** Rows of the benchmark: cloning, and everything in place. */
export async function measureRepositories({ call, record }, folder) {
  const names = Array.from({ length: count }, (_, index) => `repo${String(index).padStart(2, '0')}`);
  for (const name of names) writeRepository(join(folder, 'hosted', 'org', name));
  const stack = join(folder, 'repositories', 'stacks', 'many');
  mkdirSync(stack, { recursive: true });
  const urls = names.map((name) => `file://${join(folder, 'hosted', 'org', name)}`);
  writeFileSync(join(stack, 'stack.yml'), `repos:\n${urls.map((url) => `  - ${url}\n`).join('')}pods: []\n`);

  const [ours, theirs] = [join(folder, 'ours'), join(folder, 'theirs')];
  const setup = call('--stack', stack, 'setup-repositories', '--jobs', String(jobs));
  const runSetup = () => timed({ ...setup, env: { ...env, CERC_REPO_BASE_DIR: ours } });
  // Each as `git <its words>`, so many at once, in the folder.
  const parallel = (cwd, lines, words) => {
    const start = process.hrtime.bigint();
    const result = spawnSync('xargs', ['-P', String(jobs), '-I', '{}', 'git', ...words], {
      cwd,
      input: lines.join('\n'),
      env: { ...process.env, ...env },
      encoding: 'utf8',
    });
    if (result.status !== 0) throw new Error(`git ${words.join(' ')}: ${result.stderr}`);
    return Number(process.hrtime.bigint() - start) / 1e9;
  };
  const empty = (base) => () => {
    rmSync(base, { recursive: true, force: true });
    mkdirSync(base);
  };
  const cloned = await compare(5, [
    { name: 'ours', before: empty(ours), run: runSetup },
    { name: 'git', before: empty(theirs), run: () => parallel(theirs, urls, ['clone', '--quiet', '{}']) },
  ]);
  record(`setup-repositories of ${count} / git clone, ${jobs} at once`, cloned.get('ours'), cloned.get('git'), 1.1);

  runSetup();
  const bare = { program: process.execPath, args: ['-e', '0'] };
  const inPlace = await compare(15, [
    { name: 'ours', run: runSetup },
    { name: 'node', run: () => timed(bare) },
    {
      name: 'git',
      run: () =>
        names.reduce(
          (sum, name) =>
            sum +
            timed({ program: 'git', args: ['-C', join(ours, name), 'status', '--branch', '--porcelain=v2'], env }),
          0,
        ),
    },
  ]);
  const peer = 2 * inPlace.get('node') + inPlace.get('git');
  record(`setup-repositories, ${count} in place / 2 × node -e 0 + a git call each`, inPlace.get('ours'), peer, 1);
}

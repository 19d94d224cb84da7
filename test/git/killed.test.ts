import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { watch } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Server as TcpServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cliPath } from '../support/program.js';
import { walk } from '../support/suites.js';
import { startGitDaemon } from './support/git-daemon.js';
import type { Server } from './support/server.js';
import { git, Sources } from './support/sources.js';

const kills = walk ? 60 : 12;

describe('clones that are interrupted', () => {
  let sources: Sources;
  let daemon: Server;
  let stack: string;
  const names = ['one', 'two', 'three'];
  const commits = new Map<string, string>();

  beforeAll(async () => {
    sources = await Sources.make();
    daemon = await startGitDaemon(sources.path('hosted'));
    for (const name of names) {
      await sources.publish(`org/${name}`);
      const files = Object.fromEntries(
        Array.from({ length: 200 }, (_, index) => [
          `folder${index % 7}/file${index}`,
          randomBytes(3_000).toString('hex'),
        ]),
      );
      await sources.commit(`org/${name}`, files, { tag: 'v1' });
      commits.set(name, await sources.commit(`org/${name}`, { last: 'x\n' }, { branch: 'other' }));
    }
    stack = await sources.stack(...names.map((name) => `git://127.0.0.1:${daemon.port}/org/${name}@other`));
  });
  afterAll(async () => {
    await daemon.stop();
    await sources.remove();
  });

  const start = (base: string, reference = stack): { child: ChildProcess; ended: Promise<number | null> } => {
    const child = spawn(process.execPath, ['--', cliPath, '--stack', reference, 'setup-repositories'], {
      cwd: sources.folder,
      env: { ...process.env, ...sources.env, CERC_REPO_BASE_DIR: base },
      stdio: 'ignore',
    });
    return { child, ended: new Promise((resolve) => child.on('close', (code) => resolve(code))) };
  };

  /** Running clones, and what killed ones have left. */
  const unfinished = async (base: string): Promise<string[]> =>
    (await readdir(base).catch(() => [])).filter((name) => name.endsWith('.tmp'));

  /** Expects every existing copy to be complete: at its ref, with all files, and intact. */
  const wholeCopies = async (base: string): Promise<string[]> => {
    const there = (await readdir(base).catch(() => [])).filter((name) => !name.startsWith('.')).sort();
    for (const name of there) {
      const copy = `${base}/${name}`;
      expect(await git(copy, 'rev-parse', 'HEAD')).toBe(commits.get(name));
      expect(await git(copy, 'status', '--porcelain', '--branch')).toBe('## other...origin/other');
    }
    return there;
  };

  it('leave complete copies only after a kill at a random moment, and nothing else after the last run', {
    timeout: 900_000,
  }, async () => {
    const base = sources.path('killed');
    const started = Date.now();
    await start(base).ended;
    const whole = Date.now() - started;
    expect(await wholeCopies(base)).toEqual([...names].sort());
    let midway = 0;
    for (let round = 0; round < kills; round += 1) {
      // Every third round begins with nothing; the others continue with what the kills have left.
      if (round % 3 === 0) await rm(base, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
      await mkdir(base, { recursive: true });
      const begun = cloneBegins(base);
      const { child, ended } = start(base);
      // Some kills are certain to hit the middle of a clone, however long a run takes; the others are at random
      // moments.
      await Promise.race([ended, round % 6 === 0 ? begun.seen : sleep(Math.random() * whole * 1.1)]);
      child.kill('SIGKILL');
      begun.close();
      await ended;
      if ((await unfinished(base)).length > 0) midway += 1;
      await wholeCopies(base);
    }
    expect(midway).toBeGreaterThan(kills / 10);
    // A git whose parent was killed ends by itself a moment later, and writes until then.
    await expect.poll(() => processesIn(base), { timeout: 60_000 }).toEqual([]);
    expect(await start(base).ended).toBe(0);
    expect((await readdir(base)).sort()).toEqual([...names].sort());
    await wholeCopies(base);
  });

  it('succeed when two runs work at once, and leave only complete copies', async () => {
    const base = sources.path('twice');
    const codes = await Promise.all([start(base).ended, start(base).ended, start(base).ended]);
    expect(codes).toEqual([0, 0, 0]);
    expect((await readdir(base)).sort()).toEqual([...names].sort());
    await wholeCopies(base);
  });

  describe('from a host that never answers', () => {
    let silent: TcpServer;
    let connected: Promise<void>;
    let reference: string;

    beforeAll(async () => {
      let seen: () => void;
      connected = new Promise((resolve) => (seen = resolve));
      silent = createServer(() => seen());
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
      reference = await sources.stack(`git://127.0.0.1:${(silent.address() as AddressInfo).port}/org/silent`);
    });
    afterAll(() => {
      silent.close();
    });

    it('end on Ctrl-C with 130, and the unfinished clone is removed', async () => {
      const base = sources.path('interrupted');
      const { child, ended } = start(base, reference);
      await connected;
      expect((await readdir(base)).some((name) => name.endsWith('.tmp'))).toBe(true);
      const children = await childrenOf(child.pid ?? 0);
      expect(children).not.toEqual([]);
      child.kill('SIGINT');
      expect(await ended).toBe(130);
      expect(await readdir(base)).toEqual([]);
      for (const pid of children) expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
    });
  });
});

/** `seen` resolves when the first unfinished clone appears in a folder. */
function cloneBegins(folder: string): { seen: Promise<void>; close: () => void } {
  const watcher = watch(folder);
  const seen = new Promise<void>((resolve) => {
    watcher.on('change', (_, name) => void (String(name).endsWith('.tmp') && resolve()));
  });
  return { seen, close: () => watcher.close() };
}

/** The command lines of processes with a path below this folder. */
async function processesIn(folder: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.filter((line) => line.includes(`${folder}/`));
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.split(' ').flatMap((word) => (word.trim() === '' ? [] : [Number(word)]));
}

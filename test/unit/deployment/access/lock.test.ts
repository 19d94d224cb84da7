import { spawn } from 'node:child_process';
import { readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandForOthers, takeLock } from '../../../../src/deployment/access/lock.js';
import { testContext } from '../../../support/context.js';
import { temporaryDirectory } from '../../../support/temporary.js';

async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}

/** A lock holder as another command would record it; fields are overridden where a test needs a stale one. */
async function holder(overrides: object): Promise<string> {
  const stat = await readFile(`/proc/${process.ppid}/stat`, 'utf8');
  const startTime = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  const base = { token: 'other', pid: process.ppid, startTime, bootId: await bootId(), host: hostname() };
  return JSON.stringify({ ...base, command: 'laconic-so deployment start', since: 'then', ...overrides });
}

async function pidOfEndedProcess(): Promise<number> {
  const child = spawn('true');
  await new Promise((resolve) => child.on('exit', resolve));
  return child.pid ?? 0;
}

describe('the lock of a deployment', () => {
  it('keeps a second command out and names the holder', async () => {
    const directory = await temporaryDirectory();
    const path = join(directory, 'lock');
    const context = testContext(directory);
    const lock = await takeLock(path, 'deployment d', 0, context);

    await expect(takeLock(path, 'deployment d', 0, context)).rejects.toThrow(`deployment d is in use by "laconic-so`);
    await expect(takeLock(path, 'deployment d', 0, context)).rejects.toThrow(`process ${process.pid}`);

    await lock.release();
    const again = await takeLock(path, 'deployment d', 0, context);
    await again.release();
    expect(await readdir(directory)).toEqual([]);
  });

  it('waits for the given time', async () => {
    const directory = await temporaryDirectory();
    const path = join(directory, 'lock');
    const context = testContext(directory);
    const lock = await takeLock(path, 'deployment d', 0, context);
    setTimeout(() => void lock.release(), 300);

    const second = await takeLock(path, 'deployment d', 10, context);

    await second.release();
  });

  it.each([
    ['whose process has ended', async () => ({ pid: await pidOfEndedProcess() })],
    ['whose pid belongs to another process now', async () => ({ startTime: '1' })],
    ['from before the last boot', async () => ({ bootId: 'another' })],
  ])('takes over a lock %s', async (_, overrides) => {
    const directory = await temporaryDirectory();
    const path = join(directory, 'lock');
    await writeFile(path, await holder(await overrides()));

    const lock = await takeLock(path, 'deployment d', 0, testContext(directory));

    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ pid: process.pid });
    await lock.release();
    expect(await readdir(directory)).toEqual([]);
  });

  it.each([
    ['a running process', {}],
    ['another host, whose processes cannot be inspected', { host: 'elsewhere', pid: 1 }],
    ['another container, in which this pid is another process', { pidNamespace: 'pid:[1]', pid: 4194304 }],
  ])('respects a lock of %s', async (_, overrides) => {
    const directory = await temporaryDirectory();
    const path = join(directory, 'lock');
    await writeFile(path, await holder(overrides));

    await expect(takeLock(path, 'deployment d', 0, testContext(directory))).rejects.toThrow('is in use by');

    expect(await readFile(path, 'utf8')).toContain('other');
  });

  it('lets a hook of the holder pass, and leaves the lock to the holder', async () => {
    const directory = await temporaryDirectory();
    const path = join(directory, 'lock');
    const lock = await takeLock(path, 'deployment d', 0, testContext(directory));
    const inHook = testContext(directory, {}, { ...process.env, LACONIC_SO_LOCK: lock.token });

    const inner = await takeLock(path, 'deployment d', 0, inHook);
    await inner.release();

    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ token: lock.token });
    await lock.release();
  });

  it('is taken over by only one of many commands when it is stale', async () => {
    const directory = await temporaryDirectory();
    const path = join(directory, 'lock');
    await writeFile(path, await holder({ bootId: 'another' }));
    const context = testContext(directory);

    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => takeLock(path, 'd', 0, context)));

    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
  });

  it('waits until the processes that a killed holder started have ended', async () => {
    const directory = await temporaryDirectory();
    const path = join(directory, 'lock');
    await writeFile(path, await holder({ token: 'of-the-killed', pid: await pidOfEndedProcess() }));
    // The process ends when its stdin does.
    const survivor = spawn('cat', { env: { ...process.env, LACONIC_SO_LOCK: 'of-the-killed' } });
    const context = testContext(directory);

    const taking = takeLock(path, 'deployment d', 0, context);
    await expect
      .poll(() => context.output.stderr, { timeout: 10_000 })
      .toContain(`killed "laconic-so deployment start": cat (process ${survivor.pid})`);
    survivor.stdin.end();
    const lock = await taking;

    expect(survivor.exitCode).toBe(0);
    expect(context.output.stderr).not.toContain('still running');
    await lock.release();
  });

  it('removes the leftovers of killed commands beside it, and nothing of running ones', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, `.lock.${await pidOfEndedProcess()}-0123456789ab.tmp`), '');
    await writeFile(join(directory, `.lock.${process.ppid}-0123456789ab.tmp`), '');
    const elsewhere = `.lock.01234567-${await pidOfEndedProcess()}-0123456789ab.tmp`;
    await writeFile(join(directory, elsewhere), '');

    const lock = await takeLock(join(directory, 'lock'), 'deployment d', 0, testContext(directory));

    await lock.release();
    expect((await readdir(directory)).sort()).toEqual([elsewhere, `.lock.${process.ppid}-0123456789ab.tmp`].sort());
  });

  it('recognizes a process of this machine under another host name', async () => {
    const directory = await temporaryDirectory();
    const path = join(directory, 'lock');
    const pidNamespace = await readlink('/proc/self/ns/pid');
    await writeFile(path, await holder({ host: 'renamed-since', pidNamespace, pid: await pidOfEndedProcess() }));

    await (await takeLock(path, 'deployment d', 0, testContext(directory))).release();
  });

  it('names the file to delete when it cannot be known here whether the holder still runs', async () => {
    const directory = await temporaryDirectory();
    const path = join(directory, 'lock');
    await writeFile(path, await holder({ host: 'ci-container-4711', bootId: 'another' }));

    await expect(takeLock(path, 'deployment d', 0, testContext(directory))).rejects.toMatchObject({
      hint: expect.stringContaining(`delete ${path}`) as string,
    });
  });

  it.each(['{', 'null', '{}', '[1]'])('explains what to do about a lock file that contains %s', async (text) => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'lock'), text);

    await expect(takeLock(join(directory, 'lock'), 'd', 0, testContext(directory))).rejects.toThrow('is damaged');
  });

  it('refuses a link in its place, even a dangling one', async () => {
    const directory = await temporaryDirectory();
    await symlink('nowhere', join(directory, 'lock'));

    await expect(takeLock(join(directory, 'lock'), 'd', 5, testContext(directory))).rejects.toThrow(
      'is a symbolic link',
    );
  });

  it("shows the holder's command without values that may be passwords", () => {
    const words = [
      '--stack',
      's',
      'deploy',
      'create',
      '--spec-file=a.yml',
      '--update',
      '--initial-peers=secret',
      'hunter2',
    ];
    expect(commandForOthers([...words, '--', '--password', 'hunter3'])).toBe(
      'laconic-so --stack s deploy create --spec-file=a.yml --update --initial-peers …',
    );
  });
});

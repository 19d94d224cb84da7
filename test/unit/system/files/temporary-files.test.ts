import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { withTemporaryFolder } from '../../../../src/system/files/temporary-files.js';
import { temporaryDirectory } from '../../../support/temporary.js';

/** The pid of a process that has ended. */
async function goneProcess(): Promise<number> {
  const child = spawn('true');
  await once(child, 'exit');
  if (child.pid === undefined) throw new Error('no process was started');
  return child.pid;
}

describe('temporary folders of commands', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('exist only during the work, are private to the user, and are removed when the work fails', async () => {
    const temporary = await temporaryDirectory();
    vi.stubEnv('TMPDIR', temporary);
    const mode = await withTemporaryFolder('hook', async (folder) => (await stat(folder)).mode & 0o777);
    expect(mode).toBe(0o700);
    await expect(
      withTemporaryFolder('hook', async (folder) => {
        await writeFile(join(folder, 'kubeconfig'), '');
        throw new Error('no luck');
      }),
    ).rejects.toThrow('no luck');
    expect(await readdir(temporary)).toEqual([]);
  });

  it('of killed processes are removed by the next command, and no others', async () => {
    const temporary = await temporaryDirectory();
    vi.stubEnv('TMPDIR', temporary);
    const own = await withTemporaryFolder('job', async (folder) => basename(folder));
    const ofProcess = (pid: number, name = own): string => name.replace(`-${process.pid}-`, `-${pid}-`);
    const gone = await goneProcess();
    const killed = ofProcess(gone);
    const kept = [
      // It runs: it is the test's parent.
      ofProcess(process.ppid),
      // Another machine or container, where the pid means another process.
      killed.replace(/^laconic-so-job-[0-9a-f]{8}/, 'laconic-so-job-00000000'),
      // Another kind of folder, an older name, and a folder of the user.
      killed.replace('-job-', '-mine-'),
      'laconic-so-job-AbCdEf',
      `${killed}.notes`,
    ];
    for (const name of [killed, ...kept]) {
      await mkdir(join(temporary, name));
      await writeFile(join(temporary, name, 'file'), '');
    }
    await withTemporaryFolder('job', async () => undefined);
    expect((await readdir(temporary)).sort()).toEqual(kept.sort());
  });
});

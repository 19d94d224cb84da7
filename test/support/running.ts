import { readFile } from 'node:fs/promises';

/** Whether a process of this machine runs. A zombie does not count. */
export async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return /\) [^ZX] /.test(stat);
}

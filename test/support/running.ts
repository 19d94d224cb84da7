import { readFile } from 'node:fs/promises';

/** Whether a process of this machine runs: one that has ended and that nobody has asked about yet does not. */
export async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return /\) [^ZX] /.test(stat);
}

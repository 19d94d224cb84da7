import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { freePort } from '../../support/ports.js';
import { type Server, startProgram } from './server.js';
import { gitPerson } from './sources.js';

/** Serves all repositories below a folder with git's own protocol: `git://127.0.0.1:<port>/org/name`. */
export async function startGitDaemon(folder: string): Promise<Server> {
  const programs = spawnSync('git', ['--exec-path'], { encoding: 'utf8' }).stdout.trim();
  const port = await freePort();
  const args = ['--listen=127.0.0.1', `--port=${port}`, '--reuseaddr', '--export-all', `--base-path=${folder}`];
  const env = { ...process.env, ...gitPerson };
  return startProgram(join(programs, 'git-daemon'), [...args, '--verbose', '--log-destination=stderr'], {
    ready: /Ready to rumble/,
    port,
    env,
  });
}

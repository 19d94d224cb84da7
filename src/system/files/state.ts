import { homedir } from 'node:os';
import { join } from 'node:path';

/** The directory for state that belongs to no deployment: in `XDG_STATE_HOME`, by default `~/.local/state`. */
export function stateDirectory(env: NodeJS.ProcessEnv): string {
  const own = env.XDG_STATE_HOME;
  const state = own === undefined || own === '' ? join(env.HOME ?? homedir(), '.local', 'state') : own;
  return join(state, 'laconic-so');
}

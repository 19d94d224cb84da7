// Looks at the command lines of all processes, and at the modes of the files below a folder, again and again without a
// pause, until its stdin ends; then prints what it saw. Nothing secret is in its own arguments.
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = process.argv[2];
const commands = new Set();
const modes = new Set();
let running = true;
process.stdin.resume();
process.stdin.on('end', () => {
  running = false;
});

function look(directory) {
  let names;
  try {
    names = readdirSync(directory, { withFileTypes: true });
  } catch {
    return;
  }
  for (const entry of names) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) look(path);
    else {
      try {
        modes.add(`${(lstatSync(path).mode & 0o777).toString(8)} ${path}`);
      } catch {
        // It was gone before it could be looked at.
      }
    }
  }
}

function round() {
  for (const pid of readdirSync('/proc')) {
    if (!/^\d/.test(pid)) continue;
    try {
      commands.add(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
    } catch {
      // The process has ended.
    }
  }
  look(root);
  if (running) setImmediate(round);
  else process.stdout.write(JSON.stringify({ commands: [...commands], modes: [...modes] }));
}

process.stdout.write('watching\n');
round();

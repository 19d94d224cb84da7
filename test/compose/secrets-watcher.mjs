// Reads the command lines of all processes and the modes of the files below a folder again and again until its stdin
// ends, then prints what it saw. Its own arguments contain no secret. It does not look into folders that hold no
// secrets, so that it is back soon, and leaves half of the time to the programs that it watches.
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [root, ...without] = process.argv.slice(2);
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
    if (entry.isDirectory()) {
      if (!without.includes(entry.name)) look(path);
    } else {
      try {
        modes.add(`${(lstatSync(path).mode & 0o777).toString(8)} ${path}`);
      } catch {
        // It was deleted before its mode could be read.
      }
    }
  }
}

function round() {
  const began = performance.now();
  for (const pid of readdirSync('/proc')) {
    if (!/^\d/.test(pid)) continue;
    try {
      commands.add(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
    } catch {
      // The process has ended.
    }
  }
  look(root);
  if (running) setTimeout(round, performance.now() - began);
  else process.stdout.write(JSON.stringify({ commands: [...commands], modes: [...modes] }));
}

process.stdout.write('watching\n');
round();

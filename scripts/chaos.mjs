// npm run chaos [-- vitest arguments]
//
// Kills the program at its system calls, one after the other, and lets them fail as on a full disk, in create, update,
// start, restart and stop; after each the next command must find a whole state and complete it. Prints a table of what
// was tried. Also kills it at more random moments than `npm test` does. Takes an hour or two: LACONIC_CHAOS=N tries at
// most N system calls of each kind instead of 60, and LACONIC_TEST_SEED=N repeats a run. `-- -t stop` walks through one
// command.
import { build, checkNode, Failure, installDependencies, runMain } from './setup-project.mjs';
import { conclude, engineReason, runVitest, straceReason } from './vitest.mjs';

async function main() {
  checkNode();
  installDependencies();
  build();
  const missing = [engineReason(true), straceReason(true)].filter((reason) => reason !== '');
  if (missing.length > 0) throw new Failure(missing.join('\n'));
  const resilience = ['chaos', 'kill-directory', 'kill-containers'].map((name) => `compose/resilience/${name}`);
  const files = [...resilience, 'compose/operations/job', 'git/killed'].map((name) => `test/${name}.test.ts`);
  const args = [...files, ...process.argv.slice(2)];
  conclude(runVitest(['engine'], args, { LACONIC_CHAOS: process.env.LACONIC_CHAOS ?? '60' }));
}

await runMain(main);

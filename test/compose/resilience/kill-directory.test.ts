import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { eventually } from '../../support/eventually.js';
import { launch } from '../../support/running.js';
import { walk } from '../../support/suites.js';
import { disturbedCreate, disturbedUpdate } from './disturbed-directory.js';
import { killRounds } from './kill.js';
import { Site } from './site.js';

const kills = walk ? 60 : 10;

/** Milliseconds. */
const patience = 600_000;

describeWithEngine('kill -9 while a deployment directory is written', () => {
  // The two run in parallel in a folder each, since most of a run is the start of one process.
  it.concurrent(
    'create: a kill leaves nothing, a complete directory, or one that the same command starts over',
    async () => {
      const site = await Site.withStack();
      try {
        await killRounds(await disturbedCreate(site), kills, site.ground);
      } finally {
        await site.remove();
      }
    },
    patience,
  );

  it.concurrent(
    'create --update: a kill leaves the old or the new directory, and the data unchanged',
    async () => {
      const site = await Site.withStack();
      try {
        await killRounds(await disturbedUpdate(site), kills, site.ground);
      } finally {
        await site.remove();
      }
    },
    patience,
  );

  it.concurrent('the next command waits for a hook that outlives its killed command', async () => {
    const site = await Site.withStack();
    const began = site.path('began');
    try {
      await site.writeHook(`import { execFileSync } from 'node:child_process';
export const create = ({ deploymentDir }) =>
  execFileSync('sh', ['-c', 'touch ' + deploymentDir + '/early BASE/began; while [ ! -e BASE/go ]; do sleep 0.1; done; touch ' + deploymentDir + '/late'], { stdio: 'ignore' });`);
      const { child, ended } = launch(site.createArguments('d'));
      await eventually('the hook began', () => existsSync(began));
      child.kill('SIGKILL');
      await ended;
      await site.writeStack('a');

      const next = launch(site.createArguments('d'));
      await next.printed(': sh (process');
      await writeFile(site.path('go'), '');

      const { code, stderr } = await next.ended;
      expect(code, stderr).toBe(0);
      expect(stderr).not.toContain('still running');
      expect(await readdir(site.at('d'))).not.toEqual(expect.arrayContaining([expect.stringMatching(/early|late/)]));
    } finally {
      await site.remove();
    }
  });
});

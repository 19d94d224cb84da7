import { afterAll, beforeAll, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { walk } from '../../support/suites.js';
import { DisturbedDeployment } from './disturbed-containers.js';
import { killRounds } from './kill.js';
import { Site } from './site.js';

const kills = walk ? 20 : 4;

/** Milliseconds. */
const patience = 600_000;

describeWithEngine('kill -9 while containers are created', () => {
  let site: Site;
  let deployment: DisturbedDeployment;

  beforeAll(async () => {
    site = await Site.withStack();
    deployment = await DisturbedDeployment.make(site);
  });
  afterAll(() => site.remove());

  it(
    'start: after a kill, the next start starts everything',
    async () => {
      await killRounds(await deployment.start(), kills, site.ground);
    },
    patience,
  );

  it(
    'restart: after a kill, the directory is the old or the new one, and the next restart completes it',
    async () => {
      await killRounds(await deployment.restart(), kills, site.ground);
    },
    patience,
  );
});

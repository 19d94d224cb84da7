import { afterAll, beforeAll, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { DisturbedDeployment } from './disturbed-containers.js';
import { killRounds } from './kill.js';
import { Site } from './site.js';

const kills = { start: 10, restart: 10 };

/** Milliseconds; about a minute on two idle cores. */
const patience = 600_000;

describeWithEngine('kill -9 while containers are created', () => {
  let site: Site;
  let deployment: DisturbedDeployment;

  beforeAll(async () => {
    site = await Site.make();
    deployment = await DisturbedDeployment.make(site);
  });
  afterAll(() => site.remove());

  it(
    `start: after ${kills.start} kills, the next start starts everything`,
    async () => {
      await killRounds(await deployment.start(), kills.start, site.ground);
    },
    patience,
  );

  it(
    `restart: after ${kills.restart} kills, the directory is the old or the new one, and the next restart completes it`,
    async () => {
      await killRounds(await deployment.restart(), kills.restart, site.ground);
    },
    patience,
  );
});

import { afterAll, beforeAll, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { DisturbedDeployment } from './disturbed-containers.js';
import { killRounds } from './kill.js';
import { Site } from './site.js';

const kills = { start: 10, restart: 10 };

/** Milliseconds; on two cores with nothing else to do it takes about a minute. */
const patience = 600_000;

describeWithEngine('kill -9 while containers are made', () => {
  let site: Site;
  let deployment: DisturbedDeployment;

  beforeAll(async () => {
    site = await Site.make();
    deployment = await DisturbedDeployment.make(site);
  });
  afterAll(() => site.remove());

  it(
    `start: after ${kills.start} kills the next start brings everything up`,
    async () => {
      await killRounds(await deployment.start(), kills.start, site.ground);
    },
    patience,
  );

  it(
    `restart: after ${kills.restart} kills the directory is old or new, and the next restart completes it`,
    async () => {
      await killRounds(await deployment.restart(), kills.restart, site.ground);
    },
    patience,
  );
});

import { afterEach, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { freePort } from '../../support/ports.js';
import { Project } from '../../support/project.js';

describeWithEngine('images that cannot be pulled', () => {
  let ground: Project;
  afterEach(() => ground.remove());

  it.each([[false], [true]])(
    'are all reported with service, line and reason before anything starts (attached: %s)',
    async (attached) => {
      const registry = `127.0.0.1:${await freePort()}`;
      ground = await Project.make(`services:
  web: { image: IMAGE, command: sleep 1000, init: true }
  one:
    image: ${registry}/a/one:1
  two:
    image: ${registry}/a/two:1
  again:
    image: ${registry}/a/one:1
  always:
    image: IMAGE
    pull_policy: never
`);
      const outcome = await ground.start({ compose: { attached } });
      const file = ground.files[0] ?? '';
      expect(outcome.error).toBe(
        [
          `service again, one: cannot pull the image ${registry}/a/one:1: ${registry} cannot be reached (connection refused)`,
          `  set at ${file}:8 services.again.image: ${registry}/a/one:1`,
          `  set at ${file}:4 services.one.image: ${registry}/a/one:1`,
          `service two: cannot pull the image ${registry}/a/two:1: ${registry} cannot be reached (connection refused)`,
          `  set at ${file}:6 services.two.image: ${registry}/a/two:1`,
          "check the registry's name, the network and the proxy of the engine's host; to copy an image from another host, use docker save there and docker load here",
        ].join('\n'),
      );
      expect(outcome.stderr).not.toContain('dial tcp');
      expect(await ground.containers()).toEqual({});
    },
  );

  it('are reported only for services that are to be started', async () => {
    const registry = `127.0.0.1:${await freePort()}`;
    ground = await Project.make(
      `services:\n  web: { image: IMAGE, command: sleep 1000, init: true }\n  one: { image: '${registry}/a/one:1' }\n`,
    );
    expect((await ground.start({ services: ['web'] })).error).toBeUndefined();
  });
});

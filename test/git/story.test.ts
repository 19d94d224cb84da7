import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithEngine } from '../support/engine.js';
import { FromGit, pages } from '../support/stories/from-git-story.js';
import { describeWithSshd } from './support/ssh-server.js';

describeWithSshd('from the repositories of an organisation to a running service on Compose', () => {
  describeWithEngine('over ssh', () => {
    let story: FromGit;

    beforeAll(async () => {
      story = await FromGit.make();
    });
    afterAll(async () => {
      await story.deployment('stop', '--delete-volumes');
      await story.remove();
    });

    const page = async (): Promise<string> => {
      const { stdout } = await story.deployment('port', 'web', '80');
      return (await fetch(`http://127.0.0.1:${stdout.trim().split(':')[1]}/page`)).text();
    };

    it('takes fetch-stack, setup-repositories, build-containers, init, create and start', async () => {
      await story.build();
      await story.create('compose', [], '');
      await story.deployment('start');
      expect(await page()).toBe(pages.first);
    });

    it('takes setup-repositories --pull, build-containers and restart for a new commit', async () => {
      await story.rebuild();
      await story.deployment('restart');
      expect(await page()).toBe(pages.second);
    });
  });
});

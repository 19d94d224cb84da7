import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { Project } from '../../support/project.js';

const idle = 'image: IMAGE\n    init: true\n    command: sleep 1000';
const compose = `
services:
  web:
    ${idle}
    volumes: ["data:/data", "plain:/plain"]
  other:
    ${idle}
volumes:
  data: { driver: local, driver_opts: { type: none, o: bind, device: DIRECTORY/data } }
  plain:
`;
const job = `services:\n  job:\n    ${idle}\n    volumes: ["plain:/plain"]\nvolumes:\n  plain:\n`;

describeWithEngine('stop', () => {
  let ground: Project;
  afterEach(() => ground.remove());
  const begin = async (): Promise<void> => {
    ground = await Project.make(compose);
    await ground.write('data/file', 'precious');
    ground.jobFiles.set('job', await ground.write('compose-jobs/docker-compose-job.yml', job));
    expect((await ground.start({ wait: false })).error).toBeUndefined();
  };
  const runJob = async (): Promise<void> => {
    const file = ground.jobFiles.get('job') ?? '';
    await ground.docker('compose', '--file', file, '--project-name', ground.name, 'run', '--rm', '--detach', 'job');
  };

  it('removes containers and network, keeps volumes, and can be repeated', async () => {
    await begin();
    const outcome = await ground.stop();
    expect(outcome.error).toBeUndefined();
    expect([await ground.containers(), await ground.networks()]).toEqual([{}, []]);
    expect(await ground.volumes()).toEqual([`${ground.name}_data`, `${ground.name}_plain`]);
    const again = await ground.stop();
    const said = `nothing was running: project ${ground.name} has no container\n`;
    expect([again.error, again.stdout, again.stderr]).toEqual([undefined, '', said]);
  });

  it('deletes volumes when asked but never host directories, and reports what it kept', async () => {
    await begin();
    const outcome = await ground.stop({ deleteVolumes: true });
    expect(outcome.error).toBeUndefined();
    expect(await ground.volumes()).toEqual([]);
    expect(existsSync(join(ground.directory, 'data/file'))).toBe(true);
    expect(outcome.stderr).toContain(`kept: ${join(ground.directory, 'data')}\n`);
  });

  it('lists the host directories also when the volumes are already gone', async () => {
    await begin();
    await ground.stop({ deleteVolumes: true });
    const again = await ground.stop({ deleteVolumes: true });
    expect(again.stderr).toContain(`kept: ${join(ground.directory, 'data')}\n`);
    expect((await ground.stop({ deleteVolumes: true, deleteData: true })).stderr).not.toContain('kept: /');
  });

  it('stops and removes only the named services', async () => {
    await begin();
    const before = await ground.containers();
    expect((await ground.stop({ services: ['web'] })).error).toBeUndefined();
    expect(await ground.containers()).toEqual({ other: before.other });
    const again = await ground.stop({ services: ['web'] });
    expect([again.error, again.stderr]).toEqual([
      undefined,
      `nothing was running: project ${ground.name} has no container of web\n`,
    ]);
    const unknown = await ground.stop({ services: ['nosuch'] });
    expect(unknown.error).toContain('no such service: nosuch');
    expect(unknown.stderr).not.toContain('nothing was running');
    expect((await ground.stop({ services: ['other'], deleteVolumes: true })).error).toContain(
      'cannot be combined with services',
    );
  });

  it('refuses while a job runs, unless forced, which ends the job', async () => {
    await begin();
    await runJob();
    const before = await ground.containers();

    const refused = await ground.stop();

    expect(refused.error).toMatch(/a job of this deployment is running: .*--force/s);
    expect(await ground.containers()).toEqual(before);
    expect((await ground.stop({ force: true })).error).toBeUndefined();
    expect([await ground.containers(), await ground.networks()]).toEqual([{}, []]);
  });

  it('also removes containers whose service was removed from the compose files', async () => {
    await begin();
    await ground.describe(`services:\n  web:\n    ${idle}\n`);
    expect((await ground.stop({ deleteVolumes: true })).error).toBeUndefined();
    expect([await ground.containers(), await ground.networks(), await ground.volumes()]).toEqual([{}, [], []]);
  });

  it('works for a project with only jobs', async () => {
    await begin();
    await ground.stop();
    await runJob();
    ground.files = [];
    expect((await ground.stop({ force: true, deleteVolumes: true })).error).toBeUndefined();
    expect([await ground.containers(), await ground.networks(), await ground.volumes()]).toEqual([{}, [], []]);
  });
});

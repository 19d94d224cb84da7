import { mkdir, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { Project } from '../../support/project.js';

const compose = (device: string): string => `
services:
  web:
    image: IMAGE
    init: true
    command: sleep 1000
    volumes: ["data:/data"]
  beside:
    image: IMAGE
    init: true
    command: sleep 1000
volumes:
  data: ${device === '' ? '{}' : `{ driver: local, driver_opts: { type: none, o: bind, device: "${device}" } }`}
`;

describeWithEngine('a volume whose path has changed', () => {
  let ground: Project;
  afterEach(() => ground.remove());
  const begin = async (): Promise<void> => {
    ground = await Project.make(compose('DIRECTORY/old'));
    await ground.write('old/file', 'precious');
    expect((await ground.start()).error).toBeUndefined();
  };
  const seenInside = (): Promise<string> => ground.compose('exec', '--no-TTY', 'web', 'ls', '/data');

  it('follows a moved directory, recreating only services that mount it', async () => {
    await begin();
    const before = await ground.containers();
    await rename(join(ground.directory, 'old'), join(ground.directory, 'new'));
    await ground.describe(compose('DIRECTORY/new'));

    const outcome = await ground.start();

    expect(outcome.error).toBeUndefined();
    expect(outcome.stderr).toMatch(/volume lsoproject-\w+_data moved away from .*old: its containers are recreated/);
    expect(await seenInside()).toBe('file\n');
    const after = await ground.containers();
    expect(after.web?.id).not.toBe(before.web?.id);
    expect(after.beside).toEqual(before.beside);
  });

  it('is refused while the old path still holds data, and nothing is touched', async () => {
    await begin();
    const before = await ground.containers();
    await ground.write('new/other', '');
    await ground.describe(compose('DIRECTORY/new'));

    const outcome = await ground.start();

    expect(outcome.error).toContain(join(ground.directory, 'old'));
    expect(outcome.error).toContain(join(ground.directory, 'new'));
    expect(outcome.error).toContain('--accept-new-path');
    expect(await ground.containers()).toEqual(before);

    const accepted = await ground.start({ acceptNewPath: true });
    expect(accepted.error).toBeUndefined();
    expect(await seenInside()).toBe('other\n');
  });

  it('is replaced without asking when the old directory is empty', async () => {
    await begin();
    await rm(join(ground.directory, 'old/file'));
    await ground.write('new/other', '');
    await ground.describe(compose('DIRECTORY/new'));
    expect((await ground.start()).error).toBeUndefined();
    expect(await seenInside()).toBe('other\n');
  });

  it('is unchanged with another spelling of the directory', async () => {
    await begin();
    const before = await ground.containers();
    await symlink(ground.directory, join(ground.directory, 'link'));
    for (const spelling of ['DIRECTORY/../DIRECTORY/old', 'DIRECTORY/link/old']) {
      await ground.describe(compose(spelling.replace('/../DIRECTORY', '/old/..')));
      expect((await ground.start()).error).toBeUndefined();
      expect((await ground.containers()).web?.id).toBe(before.web?.id);
    }
  });

  it('is never removed when the engine keeps its data', async () => {
    ground = await Project.make(compose(''));
    await ground.start();
    await mkdir(join(ground.directory, 'new'));
    await ground.describe(compose('DIRECTORY/new'));

    const outcome = await ground.start({ acceptNewPath: true });

    expect(outcome.error).toContain('managed by the engine and may hold data');
    expect(await ground.volumes()).toEqual([`${ground.name}_data`]);
  });

  it('is refused while another project uses it', async () => {
    await begin();
    await ground.docker(
      'run',
      '--detach',
      '--init',
      '--name',
      `${ground.name}-guest`,
      '--volume',
      `${ground.name}_data:/d`,
      'busybox:1.36',
      'sleep',
      '1000',
    );
    try {
      await ground.write('new/other', '');
      await ground.describe(compose('DIRECTORY/new'));
      expect((await ground.start({ acceptNewPath: true })).error).toContain(`in use: ${ground.name}-guest`);
    } finally {
      await ground.docker('rm', '--force', `${ground.name}-guest`);
    }
  });
});

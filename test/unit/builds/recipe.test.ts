import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { containerNameProblem } from '../../../src/builds/names.js';
import { type BuildPlaces, findRecipe } from '../../../src/builds/recipe.js';

let root: string;
let places: BuildPlaces;

async function put(path: string, text = ''): Promise<string> {
  const file = join(root, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  return file;
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'build recipe '));
  places = {
    externalStack: join(root, 'external/stacks/web'),
    packageDirectory: join(root, 'package'),
    repositoryBase: join(root, 'repos'),
  };
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('where a container is built from', () => {
  it('prefers the external build.sh over everything', async () => {
    const script = await put('external/container-build/org-app/build.sh');
    await put('package/containers/org-app/build.sh');
    await put('repos/app/Dockerfile');
    expect(await findRecipe('org/app', places)).toEqual({
      program: 'bash',
      args: [script],
      origin: 'stack',
      kind: 'script',
      file: script,
    });
  });

  it('takes an external folder that holds only a Dockerfile before our build.sh', async () => {
    const dockerfile = await put('external/container-build/org-app/Dockerfile');
    await put('package/containers/org-app/build.sh');
    expect(await findRecipe('org/app', places)).toEqual({
      program: 'bash',
      args: [join(root, 'package/containers/default-build.sh'), 'org/app:local', dirname(dockerfile)],
      origin: 'stack',
      kind: 'Dockerfile',
      file: dockerfile,
    });
  });

  it('ignores the folders beside a stack of ours', async () => {
    await put('external/container-build/org-app/build.sh');
    const ours = await put('package/containers/org-app/build.sh');
    expect((await findRecipe('org/app', { ...places, externalStack: undefined })).file).toBe(ours);
  });

  it('builds from the cloned repository before our bare Dockerfile', async () => {
    const dockerfile = await put('repos/app/Dockerfile');
    await put('package/containers/org-app/Dockerfile');
    expect(await findRecipe('org/app', places)).toMatchObject({ origin: 'repository', file: dockerfile });
  });

  it.each([
    ['#!/usr/bin/env bash', ['/usr/bin/env', 'bash']],
    ['#! /bin/sh -e ', ['/bin/sh', '-e']],
    ['#!/usr/bin/env -S python3 -u', ['/usr/bin/env', '-S python3 -u']],
    ['echo no first line', ['bash']],
  ])('runs a script through the interpreter of %s, executable or not', async (first, command) => {
    const script = await put('package/containers/org-app/build.sh', `${first}\necho built`);
    const { program, args } = await findRecipe('org/app', places);
    expect([program, ...args]).toEqual([...command, script]);
  });

  it('says what is wrong with a script from Windows', async () => {
    const script = await put('package/containers/org-app/build.sh', '#!/bin/bash\r\necho\r\n');
    await expect(findRecipe('org/app', places)).rejects.toMatchObject({
      message: `${script} has the line ends of Windows: no shell can run it`,
      hint: expect.stringContaining('sed') as unknown,
    });
  });

  it('names the places searched when there is nothing', async () => {
    await expect(findRecipe('org/app', places)).rejects.toMatchObject({
      message: 'no build files for container org/app',
      hint: expect.stringContaining(join(root, 'external/container-build/org-app')) as unknown,
    });
  });
});

describe('names of containers', () => {
  it.each(['cerc/test-container', 'a/b/c', 'org/app_1.2'])('accepts %s', (name) => {
    expect(containerNameProblem(name)).toBeUndefined();
  });
  it.each(['app', '', 'Org/app', '../app', 'org/../app', 'org/', 'org/app:tag', '-x/y', 'a b/c'])(
    'refuses %j',
    (name) => {
      expect(containerNameProblem(name)).toContain('must be org/name');
    },
  );
});

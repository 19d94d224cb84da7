import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { containerNameProblem } from '../../../../src/builds/recipe/image-name.js';
import { type BuildPlaces, findRecipe } from '../../../../src/builds/recipe/recipe.js';

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

describe('the recipe of a container', () => {
  it('prefers an external build.sh to everything else', async () => {
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

  it('prefers an external folder with only a Dockerfile to a bundled build.sh', async () => {
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

  it('ignores the folders next to a bundled stack', async () => {
    await put('external/container-build/org-app/build.sh');
    const ours = await put('package/containers/org-app/build.sh');
    expect((await findRecipe('org/app', { ...places, externalStack: undefined })).file).toBe(ours);
  });

  it('prefers the cloned repository to a bundled Dockerfile without a script', async () => {
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

  it('reports Windows line endings in a script', async () => {
    const script = await put('package/containers/org-app/build.sh', '#!/bin/bash\r\necho\r\n');
    await expect(findRecipe('org/app', places)).rejects.toMatchObject({
      message: `${script} has Windows line endings: no shell can run it`,
      hint: expect.stringContaining('sed') as unknown,
    });
  });

  it('lists the places searched when nothing is found', async () => {
    await expect(findRecipe('org/app', places)).rejects.toMatchObject({
      message: 'no build files for container org/app',
      hint: expect.stringContaining(join(root, 'external/container-build/org-app')) as unknown,
    });
  });
});

describe('container names', () => {
  it.each(['cerc/test-container', 'a/b/c', 'org/app_1.2'])('accept %s', (name) => {
    expect(containerNameProblem(name)).toBeUndefined();
  });
  it.each(['app', '', 'Org/app', '../app', 'org/../app', 'org/', 'org/app:tag', '-x/y', 'a b/c'])(
    'reject %j',
    (name) => {
      expect(containerNameProblem(name)).toContain('must be org/name');
    },
  );
});

import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BuildPlaces, containerNameProblem, findRecipe } from '../../../src/builds/recipe.js';

let root: string;
let places: BuildPlaces;

async function put(path: string, mode = 0o644): Promise<string> {
  const file = join(root, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, '');
  await chmod(file, mode);
  return file;
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'build recipe '));
  places = {
    stackDirectory: join(root, 'external/stacks/web'),
    external: true,
    packageDirectory: join(root, 'package'),
    repositoryBase: join(root, 'repos'),
  };
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('where a container is built from (05 §6.2, weakness 18)', () => {
  it('prefers the external build.sh over everything', async () => {
    const script = await put('external/container-build/org-app/build.sh', 0o755);
    await put('package/containers/org-app/build.sh', 0o755);
    await put('repos/app/Dockerfile');
    expect(await findRecipe('org/app', places)).toEqual({ program: script, args: [], folder: dirname(script) });
  });

  it('takes an external folder that holds only a Dockerfile before our build.sh', async () => {
    const dockerfile = await put('external/container-build/org-app/Dockerfile');
    await put('package/containers/org-app/build.sh', 0o755);
    expect(await findRecipe('org/app', places)).toEqual({
      program: 'bash',
      args: [join(root, 'package/containers/default-build.sh'), 'org/app:local', dirname(dockerfile)],
      folder: dirname(dockerfile),
    });
  });

  it('ignores the folders beside a stack of ours', async () => {
    await put('external/container-build/org-app/build.sh', 0o755);
    const ours = await put('package/containers/org-app/build.sh', 0o755);
    expect((await findRecipe('org/app', { ...places, external: false })).program).toBe(ours);
  });

  it('builds from the cloned repository before our bare Dockerfile', async () => {
    const dockerfile = await put('repos/app/Dockerfile');
    await put('package/containers/org-app/Dockerfile');
    expect((await findRecipe('org/app', places)).folder).toBe(dirname(dockerfile));
  });

  it('runs a script without its execute bit through bash (weakness 20)', async () => {
    const script = await put('package/containers/org-app/build.sh');
    expect(await findRecipe('org/app', places)).toMatchObject({ program: 'bash', args: [script] });
  });

  it('names the places searched when there is nothing', async () => {
    await expect(findRecipe('org/app', places)).rejects.toMatchObject({
      message: 'no build files for container org/app',
      hint: expect.stringContaining(join(root, 'external/container-build/org-app')) as unknown,
    });
  });
});

describe('names of containers (05, weakness 23)', () => {
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

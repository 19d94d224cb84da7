import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runOrFail } from '../../../src/system/process/process.js';
import { describeWithEngine } from '../../support/engine.js';
import { BuildSite, tinyDockerfile } from './support.js';

describeWithEngine('choices of build-containers before the first build', () => {
  let site: BuildSite;
  const stackFile = 'my repo/stack-orchestrator/stacks/app/stack.yml';

  beforeAll(async () => {
    site = await BuildSite.make();
    await site.file('app', 'Dockerfile', tinyDockerfile('app'));
  });
  afterAll(() => site.remove());

  it('BuildKit is used where docker has what it needs, else the legacy builder', async () => {
    await site.stack(['app']);
    const { stdout } = await runOrFail('where docker is', 'sh', ['-c', 'command -v docker']);
    // A machine whose docker was installed without that plugin.
    await site.put(
      'without-buildx/docker',
      `#!/bin/sh\n[ "$1" = buildx ] && { echo "docker: 'buildx' is not a docker command." >&2; exit 1; }\nexec ${stdout.trim()} "$@"\n`,
      0o755,
    );
    const builder = async (env: NodeJS.ProcessEnv): Promise<string | undefined> => {
      const built = await site.build([], { DOCKER_BUILDKIT: undefined, ...env });
      expect(built.code, built.stderr).toBe(0);
      return /DOCKER_BUILDKIT=(.*)$/m.exec(await readFile(site.log('app'), 'utf8'))?.[1];
    };

    expect(await builder({})).toBe('1');
    expect(await builder({ PATH: `${site.path('without-buildx')}:${process.env.PATH}` })).toBe('0');
  });

  it.each(['app', 'Org/App', '../app', 'org/app:tag'])(
    'the container name %j is rejected before anything is built',
    async (name) => {
      await site.put(stackFile, `name: app\ncontainers: ["${site.org}/app", "${name}"]\npods: []\n`);
      const { code, stdout, stderr } = await site.build();
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toBe(
        `Error: container "${name}": must be org/name, in lower-case letters, digits and single . _ - between them\n`,
      );
    },
  );

  it.each(['name: app\npods: []\n', 'name: app\ncontainers:\npods: []\n'])(
    '%j has no containers, which is a warning with exit code 0',
    async (text) => {
      await site.put(stackFile, text);
      const { code, stderr } = await site.build();
      expect(code).toBe(0);
      expect(stderr).toMatch(/^WARNING: stack .* does not define any containers\n$/);
    },
  );

  it('a failed build below a path with a space suggests missing quotes', async () => {
    await site.stack(['unquoted']);
    await site.file('unquoted', 'build.sh', '#!/bin/sh\ndocker build -t ORG/unquoted:local ${CERC_REPO_BASE_DIR}/x\n');
    const failed = await site.build([], { CERC_REPO_BASE_DIR: site.path('my repositories') });
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('a path above contains a space: does the build script quote its variables?\n');
    expect((await site.build()).stderr).not.toContain('a space');
  });
});

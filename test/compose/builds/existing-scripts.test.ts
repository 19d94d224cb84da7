import { readFile, stat } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run, runOrFail } from '../../../src/system/process/process.js';
import { git } from '../../git/support/sources.js';
import { describeWithEngine } from '../../support/engine.js';
import { BuildSite, tinyDockerfile } from './support.js';

/** Scripts as users of the Python program have them. */
describeWithEngine('build scripts written for the Python program', () => {
  let site: BuildSite;

  beforeAll(async () => {
    site = await BuildSite.make();
  });
  afterAll(() => site.remove());

  it('build a cloned repository, with unquoted variables and no newline at the end', async () => {
    await site.stack(['app'], ['github.com/org/app@v1']);
    await site.put('repositories/app/Dockerfile', `ARG NOTE=none\n${tinyDockerfile('from the repository')}`);
    // As setup-repositories clones it.
    const app = site.path('repositories/app');
    await git(app, 'init', '--quiet');
    await git(app, 'remote', 'add', 'origin', 'https://github.com/org/app');
    await git(app, 'add', '.');
    await git(app, 'commit', '--quiet', '--message', 'a release');
    await git(app, 'tag', 'v1');
    await git(app, 'checkout', '--quiet', '--detach', 'v1');
    await site.file(
      'app',
      'build.sh',
      [
        '#!/usr/bin/env bash',
        '# Build ORG/app',
        'source ${CERC_CONTAINER_BASE_DIR}/build-base.sh',
        'docker build -t ORG/app:local ${build_command_args} --build-arg CERC_NPM_AUTH_TOKEN --add-host gitea.local:host-gateway ${CERC_REPO_BASE_DIR}/app',
      ].join('\n'),
    );

    const { code, stdout, stderr } = await site.build();

    expect(stderr).toBe(`${site.org}/app: building\n${stderr.split('\n')[1]}\n`);
    expect(code).toBe(0);
    expect(stdout).toBe(`Dev Root is: ${site.path('repositories')}\nBuilding: ${site.org}/app\n`);
    expect(await site.line('app')).toBe('from the repository');
  });

  it("run in the user's directory, also with spaces in paths, without the execute bit, and with files next to them", async () => {
    await site.stack(['here']);
    await site.put('note.txt', 'what the user has here');
    await site.file('here', 'Dockerfile', 'FROM scratch\nARG NOTE\nLABEL line="$NOTE"\nCOPY own.txt /\n');
    await site.file('here', 'own.txt', 'beside the script');
    await site.file(
      'here',
      'build.sh',
      [
        '#!/usr/bin/env bash',
        'set -euo pipefail',
        'source "${CERC_CONTAINER_BASE_DIR}/build-base.sh"',
        'SCRIPT_DIR=$( cd -- "$( dirname -- "${BASH_SOURCE[0]}" )" &> /dev/null && pwd )',
        'docker build -t ORG/here:local ${build_command_args} --build-arg NOTE="$(cat note.txt)" "${SCRIPT_DIR}"',
        '',
      ].join('\n'),
      0o644,
    );

    expect(await site.build()).toMatchObject({ code: 0 });

    expect(await site.line('here')).toBe('what the user has here');
  });

  it('receive every documented variable, --force-rebuild and the extra arguments as separate words', async () => {
    await site.stack(['env']);
    await site.file('env', 'Dockerfile', tinyDockerfile('env'));
    await site.file(
      'env',
      'build.sh',
      [
        '#!/bin/bash',
        'source ${CERC_CONTAINER_BASE_DIR}/build-base.sh',
        'for name in CERC_NPM_REGISTRY_URL CERC_NPM_AUTH_TOKEN CERC_GO_AUTH_TOKEN CERC_REPO_BASE_DIR CERC_HOST_UID CERC_HOST_GID \\',
        '  DOCKER_BUILDKIT CERC_DEFAULT_CONTAINER_IMAGE_TAG CERC_FORCE_REBUILD CERC_SCRIPT_DEBUG FROM_CALLER; do',
        '  echo "$name is ${!name-unset}"',
        'done',
        'echo "arguments are <${build_command_args}>"',
        'docker build -t ${CERC_DEFAULT_CONTAINER_IMAGE_TAG} ${build_command_args} "$(dirname "$0")"',
      ].join('\n'),
    );

    const env = { FROM_CALLER: 'yes', CERC_SCRIPT_DEBUG: 'true', DOCKER_BUILDKIT: '0', DOCKER_CONFIG: undefined };
    const done = await site.build(['--force-rebuild', '--extra-build-args', '--label extra=1  --pull=false'], env);

    expect(done.code, done.stderr).toBe(0);
    const log = await readFile(site.log('env'), 'utf8');
    for (const line of [
      'CERC_NPM_REGISTRY_URL is https://git.vdb.to/api/packages/cerc-io/npm/',
      'CERC_NPM_AUTH_TOKEN is ',
      'CERC_GO_AUTH_TOKEN is ',
      `CERC_REPO_BASE_DIR is ${site.path('repositories')}`,
      `CERC_HOST_UID is ${process.getuid?.()}`,
      'DOCKER_BUILDKIT is 0',
      `CERC_DEFAULT_CONTAINER_IMAGE_TAG is ${site.org}/env:local`,
      'CERC_FORCE_REBUILD is true',
      'CERC_SCRIPT_DEBUG is unset',
      'FROM_CALLER is yes',
      'arguments are < --no-cache --label extra=1  --pull=false>',
    ]) {
      expect(log.split('\n')).toContain(line);
    }
    expect(log).toContain('legacy builder');
    const label = await run('docker', [
      'image',
      'inspect',
      '--format',
      '{{.Config.Labels.extra}}',
      `${site.org}/env:local`,
    ]);
    expect(label.stdout).toBe('1\n');
  });

  it('may call default-build.sh, which also builds a folder without a script', async () => {
    await site.stack(['calls', 'plain']);
    const dockerfile =
      'FROM scratch\nARG CERC_HOST_UID\nARG CERC_HOST_GID\nLABEL line="$CERC_HOST_UID:$CERC_HOST_GID"\n';
    await site.file('calls', 'Dockerfile', dockerfile);
    await site.file(
      'calls',
      'build.sh',
      '#!/bin/sh\nexec ${CERC_CONTAINER_BASE_DIR}/default-build.sh ORG/calls:local "$(dirname "$0")"',
    );
    await site.file('plain', 'Dockerfile', dockerfile);

    const done = await site.build();

    expect(done.code, done.stderr).toBe(0);
    const ids = `${process.getuid?.()}:${process.getgid?.()}`;
    expect([await site.line('calls'), await site.line('plain')]).toEqual([ids, ids]);
    const usage = await run('bash', ['containers/default-build.sh', 'only-one']);
    expect(usage).toMatchObject({ code: 1, stdout: '' });
    expect(usage.stderr).toContain('usage');
  });

  it('are traced by --debug, with their environment in the log except for tokens', async () => {
    const tokens = { CERC_NPM_AUTH_TOKEN: 'npm-5ecret', CERC_GO_AUTH_TOKEN: 'go-5ecret', MY_API_KEY: 'key-5ecret' };
    const done = await site.build(['--include', `${site.org}/plain`], tokens, ['--debug']);

    expect(done.code).toBe(0);
    const log = await readFile(site.log('plain'), 'utf8');
    expect(log).toContain('Build environment variables:\n');
    expect(log).toContain('CERC_SCRIPT_DEBUG=true');
    expect(log).toContain('CERC_NPM_AUTH_TOKEN=***');
    expect(log).toContain('+ docker build -t');
    expect(done.stderr).toContain('CERC_GO_AUTH_TOKEN=***');
    expect(log + done.stdout + done.stderr).not.toMatch(/5ecret/);
    expect((await stat(site.log('plain'))).mode & 0o777).toBe(0o600);
  });

  it('are not started when the repository of a container has no build files, which is reported', async () => {
    await site.stack(['plain', 'absent'], ['github.com/org/absent@v2', 'org/app']);
    await run('docker', ['image', 'rm', `${site.org}/plain:local`]);

    const { code, stderr } = await site.build();

    expect(code).toBe(1);
    expect(stderr).toContain(`no build files for container ${site.org}/absent`);
    expect(stderr).toContain(site.path('repositories/absent'));
    expect(stderr).toMatch(/not cloned in .*: github\.com\/org\/absent@v2; clone them with: .* setup-repositories/);
    expect(stderr).not.toContain('org/app');
    expect(await site.line('plain')).toBeUndefined();
  });

  it('run although they use a missing repository, with a warning', async () => {
    await site.stack(['app'], ['github.com/org/app@v1', 'github.com/org/other']);
    await runOrFail('move', 'mv', [site.path('repositories/app'), site.path('away')]);

    const { code, stderr } = await site.build();

    expect(code).toBe(1);
    expect(stderr).toMatch(
      new RegExp(
        `^WARNING: the build of ${site.org}/app uses repositories that are not cloned in .*: github.com/org/app@v1;`,
      ),
    );
    expect(stderr).toContain(`Error running build for ${site.org}/app: the build returned`);
    expect(stderr, 'no build uses it').not.toContain('github.com/org/other');
  });

  it('are those of the bundled containers when --stack is missing, which is reported', async () => {
    const { code, stdout, stderr } = await site.cli(
      ['build-containers', '--include', 'laconic/demo, cerc/tset-container'],
      { env: site.env },
    );

    expect(code, stderr).toBe(0);
    expect(stderr).toContain(
      'without --stack these are the containers that ship with laconic-so: cerc/test-container,',
    );
    expect(stderr).toContain('did you mean "cerc/test-container"?');
    expect(stdout).toMatch(/^Dev Root is: .*\nBuilding: laconic\/demo\n$/);
  });

  it('belong to the containers that fetch-containers fetches without --stack, with a warning when --include matches none', async () => {
    const fetch = ['fetch-containers', '--image-registry', 'registry.invalid/x'];
    const all = await site.cli(['--dry-run', ...fetch]);
    expect(all.code, all.stderr).toBe(0);
    expect(all.stdout).toContain(
      'would fetch the newest image of registry.invalid/x/laconic/demo as laconic/demo:local',
    );

    const none = await site.cli([...fetch, '--include', 'no/such']);
    expect(none.code, none.stderr).toBe(0);
    expect(none.stderr).toContain('WARNING: --include leaves nothing of: cerc/test-container,');
  });

  it('are not required: a stack without containers causes a warning and exit code 0', async () => {
    await site.stack([]);
    const { code, stderr } = await site.build();
    expect(code).toBe(0);
    expect(stderr).toMatch(/^WARNING: stack .* does not define any containers\n$/);
  });
});

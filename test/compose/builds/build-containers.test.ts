import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildContainers } from '../../../src/builds/build-containers.js';
import { buildLogFile } from '../../../src/builds/build-log.js';
import type { BuildPlaces } from '../../../src/builds/recipe/recipe.js';
import type { Context } from '../../../src/system/context.js';
import { run } from '../../../src/system/process/process.js';
import { createReporter } from '../../../src/system/report.js';
import { describeWithEngine } from '../../support/engine.js';

const org = `laconic-build-test-${process.pid}`;
const options = { forceRebuild: false };
let root: string;
let places: BuildPlaces;

function contextFor(globals: Partial<Context['options']> = {}): {
  context: Context;
  stdout: () => string;
  stderr: () => string;
} {
  const out: string[] = [];
  const err: string[] = [];
  const flags = { quiet: false, verbose: false, debug: false, ...globals };
  return {
    stdout: () => out.join(''),
    stderr: () => err.join(''),
    context: {
      options: { dryRun: false, localStack: false, continueOnError: false, ...flags },
      report: createReporter(
        { stdout: { write: (text) => out.push(text) }, stderr: { write: (text) => err.push(text) } },
        { ...flags, color: false },
      ),
      signal: new AbortController().signal,
      env: { ...process.env, XDG_STATE_HOME: join(root, 'state') },
      cwd: root,
    },
  };
}

async function container(name: string, files: Record<string, string>): Promise<string> {
  for (const [file, text] of Object.entries(files)) {
    const path = join(root, 'repository with blanks/container-build', `${org}-${name}`, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    if (file.endsWith('.sh')) await chmod(path, 0o755);
  }
  return `${org}/${name}`;
}

async function exists(image: string): Promise<boolean> {
  return (await run('docker', ['image', 'inspect', image])).code === 0;
}

describeWithEngine('build-containers on the engine', () => {
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'laconic-builds-'));
    places = {
      externalStack: join(root, 'repository with blanks/stacks/web'),
      packageDirectory: join(import.meta.dirname, '../../..'),
      repositoryBase: join(root, 'repos'),
    };
  });
  afterAll(async () => {
    const ours = await run('docker', ['image', 'ls', '--quiet', '--filter', `reference=${org}/*`]);
    const ids = ours.stdout.split('\n').filter((id) => id !== '');
    if (ids.length > 0) await run('docker', ['image', 'rm', '--force', ...ids]);
    await rm(root, { recursive: true, force: true });
  });

  it('builds a folder with only a Dockerfile, and keeps a log for its owner', async () => {
    const name = await container('plain', { Dockerfile: 'FROM scratch\nCOPY Dockerfile /\n' });
    const { context, stdout } = contextFor();
    const [result] = await buildContainers([name], places, options, context);
    expect(result).toMatchObject({ container: name, image: `${name}:local`, outcome: 'built' });
    expect(await exists(`${name}:local`)).toBe(true);
    expect(stdout()).toBe(`Dev Root is: ${places.repositoryBase}\nBuilding: ${name}\n`);
    const log = buildLogFile(name, context.env);
    expect((await stat(log)).mode & 0o777).toBe(0o600);
    expect(await readFile(log, 'utf8')).toContain('COPY Dockerfile /');
  });

  it('passes build.sh its environment and the directory of the caller', async () => {
    const name = await container('script', {
      Dockerfile: 'FROM scratch\nARG NOTE\nLABEL note=$NOTE\nCOPY Dockerfile /\n',
      'build.sh': [
        '#!/usr/bin/env bash',
        'set -e',
        'source "$CERC_CONTAINER_BASE_DIR/build-base.sh"',
        'note="$PWD $CERC_REPO_BASE_DIR $CERC_HOST_UID:$CERC_HOST_GID$build_command_args"',
        'docker build -t "$CERC_DEFAULT_CONTAINER_IMAGE_TAG" $build_command_args --build-arg "NOTE=$note" "$(dirname "$0")"',
      ].join('\n'),
    });
    const { context } = contextFor({ quiet: true });
    await buildContainers([name], places, { forceRebuild: true, extraBuildArgs: '--label extra=1' }, context);
    const note = await run('docker', ['image', 'inspect', '--format', '{{.Config.Labels}}', `${name}:local`]);
    expect(note.stdout).toContain(
      `note:${root} ${places.repositoryBase} ${process.getuid?.()}:${process.getgid?.()} --no-cache`,
    );
    expect(note.stdout).toContain('extra:1');
  });

  it('shows the last lines of a failed build and skips the remaining builds', async () => {
    const bad = await container('bad', { 'build.sh': '#!/bin/sh\necho "the reason is this" >&2\nexit 7\n' });
    const next = await container('next', { Dockerfile: 'FROM scratch\nCOPY Dockerfile /\n' });
    const { context, stderr } = contextFor();
    const results = await buildContainers([bad, next], places, options, context);
    expect(results.map((result) => result.outcome)).toEqual(['failed', 'skipped']);
    expect(stderr()).toContain(
      `Error running build for ${bad}: the build returned 7; its last lines:\nthe reason is this`,
    );
    expect(stderr()).toContain(buildLogFile(bad, context.env));
    expect(await exists(`${next}:local`)).toBe(false);
  });

  it('goes on with --continue-on-error and still exits with an error', async () => {
    const { context } = contextFor({ continueOnError: true });
    const results = await buildContainers([`${org}/bad`, `${org}/plain`], places, options, context);
    expect(results.map((result) => result.outcome)).toEqual(['failed', 'built']);
  });

  it('notices a script that builds no image', async () => {
    const name = await container('empty', { 'build.sh': '#!/bin/sh\nexit 0\n' });
    const { context, stderr } = contextFor();
    expect(await buildContainers([name], places, options, context)).toMatchObject([{ outcome: 'failed' }]);
    expect(stderr()).toContain(`the build succeeded but did not create the image ${name}:local`);
  });

  it('only prints the commands in a dry run', async () => {
    const name = await container('dry', { 'build.sh': '#!/bin/sh\ntouch ran\n' });
    const { context, stdout } = contextFor({ dryRun: true });
    expect(await buildContainers([name], places, options, context)).toMatchObject([{ outcome: 'skipped' }]);
    expect(stdout()).toContain('Skipped: would run');
    await expect(stat(join(root, 'repository with blanks/container-build', `${org}-dry`, 'ran'))).rejects.toThrow();
  });
});

import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../../../src/system/process/process.js';
import { describeWithEngine } from '../../support/engine.js';
import { BuildSite, tinyDockerfile } from './support.js';

describeWithEngine('build-containers --jobs', () => {
  let site: BuildSite;

  beforeAll(async () => {
    site = await BuildSite.make();
    for (const name of ['a', 'b']) {
      await site.file(name, 'Dockerfile', `FROM busybox:1.36\nARG RUN\nRUN sleep 1.5\nLABEL line="${name} $RUN"\n`);
    }
    // This is recognized as a script that only calls docker build.
    await site.file(
      'b',
      'build.sh',
      'source ${CERC_CONTAINER_BASE_DIR}/build-base.sh\nhere=$(cd "$(dirname "$0")" && pwd)\ndocker build -t ORG/b:local ${build_command_args} "${here}"\n',
    );
    await site.file('on-a', 'Dockerfile', 'FROM ORG/a:local\nRUN true\n');
    await site.file(
      'other',
      'build.sh',
      '#!/bin/bash\nsource ${CERC_CONTAINER_BASE_DIR}/build-base.sh\ndocker build -q -t ORG/other:local ${build_command_args} "$(dirname "$0")" || exit 1\n',
    );
    await site.file('other', 'Dockerfile', tinyDockerfile('other'));
    await site.file('bad', 'Dockerfile', 'FROM busybox:1.36\nRUN exit 3\n');
    await site.file('on-bad', 'Dockerfile', 'FROM ORG/bad:local\nRUN true\n');
  });
  afterAll(() => site.remove());

  /** The times at which the build of a container began and ended, from its log. */
  async function times(container: string): Promise<{ begin: number; end: number }> {
    const notes = [...(await readFile(site.log(container), 'utf8')).matchAll(/^# (\S+Z) /gm)].map(([, at = '']) =>
      Date.parse(at),
    );
    return { begin: notes[0] ?? Number.NaN, end: notes.at(-1) ?? Number.NaN };
  }

  async function build(jobs: string[]): Promise<Record<'a' | 'b' | 'on-a' | 'other', { begin: number; end: number }>> {
    await site.stack(['a', 'b', 'on-a', 'other']);
    const note = `${performance.now()}`;
    const done = await site.build(['--force-rebuild', '--extra-build-args', `--build-arg RUN=${note}`, ...jobs]);
    expect(done.code, done.stderr).toBe(0);
    expect(done.stderr).toMatch(/^4 of 4 images built, in \d+\.\d s:$/m);
    expect(await site.line('on-a')).toBe(`a ${note}`);
    expect(await site.line('b')).toBe(`b ${note}`);
    const [a, b, onA, other] = await Promise.all([times('a'), times('b'), times('on-a'), times('other')]);
    return { a, b, 'on-a': onA, other };
  }

  it('runs independent builds in parallel, a base before the images built from it, and other scripts alone', async () => {
    const { a, b, 'on-a': onA, other } = await build(['--jobs', '4']);

    expect(b.begin).toBeLessThan(a.end);
    expect(a.begin).toBeLessThan(b.end);
    expect(onA.begin).toBeGreaterThanOrEqual(a.end);
    expect(other.begin).toBeGreaterThanOrEqual(Math.max(a.end, b.end, onA.end));
  });

  it('keeps the order of the list by default', async () => {
    const { a, b, 'on-a': onA, other } = await build([]);

    expect([b.begin >= a.end, onA.begin >= b.end, other.begin >= onA.end]).toEqual([true, true, true]);
  });

  it('does not build on a base that failed, continues with the others, and exits with 1', async () => {
    await site.stack(['bad', 'on-bad', 'other']);
    await run('docker', ['image', 'rm', `${site.org}/other:local`]);

    const { code, stderr } = await site.build(['--jobs', '2'], {}, ['--continue-on-error']);

    expect(code).toBe(1);
    expect(stderr).toMatch(/^1 of 3 images built, in /m);
    expect(stderr).toMatch(/^ {2}\S+\/bad +failed after \d+\.\d s: the build returned 1 \(.*\/bad\.log\)$/m);
    expect(stderr).toMatch(new RegExp(`^ {2}\\S+/on-bad +not built: it needs ${site.org}/bad$`, 'm'));
    expect(await site.line('other')).toBe('other');
  });

  it('prefixes each line with its container under --verbose, and names the build files', async () => {
    await site.stack(['a', 'b']);
    const { code, stderr } = await site.build(['--jobs', '2'], {}, ['--verbose']);

    expect(code).toBe(0);
    expect(stderr).toMatch(/^\S+\/a \| #\d+ \[.*RUN sleep 1\.5$/m);
    expect(stderr).toMatch(
      /^Build files of \S+\/a: \S.*my repo\/stack-orchestrator\/container-build\/\S+-a\/Dockerfile \(of the stack's repository\)$/m,
    );
  });
});

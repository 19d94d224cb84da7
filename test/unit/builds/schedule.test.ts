import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { readBuildWords } from '../../../src/builds/recipe/docker-build-args.js';
import { imagesOfDockerfile } from '../../../src/builds/recipe/dockerfile.js';
import { wordsOfPlainScript } from '../../../src/builds/recipe/plain-script.js';
import type { BuildNeeds } from '../../../src/builds/recipe/base-images.js';
import { planWaits, runInOrder, usedTooEarly } from '../../../src/builds/schedule.js';

function images(text: string, given: Record<string, string> = {}): string[] | undefined {
  const found = imagesOfDockerfile(text, new Map(Object.entries(given)));
  return found && [...found].sort();
}

describe('the base images of a Dockerfile', () => {
  it('come from FROM, COPY --from and RUN --mount, without the stages of the file itself', () => {
    const text = [
      '# syntax=docker/dockerfile:1.7',
      'from --platform=$BUILDPLATFORM cerc/base:local as Build',
      '# FROM not/this',
      'RUN --mount=type=cache,target=/x --mount=type=bind,from=org/tools:local,target=/t make \\',
      '  # a comment inside',
      '  && echo FROM no/image',
      'FROM build AS next',
      'FROM scratch',
      'COPY --from=build /a /a',
      'COPY --chown=1:1 --from=org/files:local /a /a',
      'COPY --from=0 /a /a',
      'COPY --from=next \\',
      '  /a /a',
    ].join('\r\n');
    expect(images(text)).toEqual(['cerc/base:local', 'org/files:local', 'org/tools:local']);
  });

  it('use the defaults of ARG, and the values of the command line instead', () => {
    const text = 'ARG TAG=local\nARG BASE="cerc/a:${TAG}"\nFROM ${BASE}\nFROM cerc/b:${OTHER:-$TAG}\n';
    expect(images('ARG TAG=local\nARG BASE="cerc/a:${TAG}"\nFROM ${BASE}\n')).toEqual(['cerc/a:local']);
    expect(images('ARG BASE=cerc/a:local\nFROM $BASE\n', { BASE: 'cerc/b:local' })).toEqual(['cerc/b:local']);
    expect(images('FROM cerc/b:${OTHER:-local}\n')).toEqual(['cerc/b:local']);
    expect(images(text)).toBeUndefined();
  });

  it.each([
    'ARG BASE\nFROM $BASE',
    'FROM cerc/a:$UNSET',
    '# syntax=org/my-frontend\nFROM cerc/a',
    'FROM a\nCOPY --from=$STAGE /x /x',
    'RUN nothing',
    '',
  ])('are unknown for %j', (text) => {
    expect(images(text)).toBeUndefined();
  });
});

const variables = { CERC_REPO_BASE_DIR: '/repos', CERC_CONTAINER_BASE_DIR: '/tool' };
const words = (text: string, extra: string[] = []) => wordsOfPlainScript(text, '/c/org-a/build.sh', variables, extra);

describe('build scripts that only call docker build', () => {
  it('are parsed, with their variables', () => {
    const text = [
      '#!/usr/bin/env bash',
      '# Build org/a',
      'set -eo pipefail',
      'source ${CERC_CONTAINER_BASE_DIR}/build-base.sh',
      '',
      'SCRIPT_DIR=$( cd -- "$( dirname -- "${BASH_SOURCE[0]}" )" &> /dev/null && pwd )',
      'docker build -t org/a:local -f ${SCRIPT_DIR}/Dockerfile ${build_command_args} \\',
      '  --build-arg CERC_NPM_AUTH_TOKEN --add-host gitea.local:host-gateway "${CERC_REPO_BASE_DIR}/a"',
    ].join('\n');
    const found = words(text, ['--no-cache']);
    expect(found).toEqual([
      ...['-t', 'org/a:local', '-f', '/c/org-a/Dockerfile', '--no-cache', '--build-arg', 'CERC_NPM_AUTH_TOKEN'],
      ...['--add-host', 'gitea.local:host-gateway', '/repos/a'],
    ]);
    expect(readBuildWords(found ?? [])).toEqual({
      tags: ['org/a:local'],
      dockerfile: '/c/org-a/Dockerfile',
      given: new Map([['CERC_NPM_AUTH_TOKEN', '$']]),
    });
  });

  it.each([
    'docker build -t org/a:local /x && docker tag org/a:local org/b:local',
    'docker build -t org/a:local /x\ndocker build -t org/b:local /y',
    'make image',
    'docker build -t org/a:local $(pwd)',
    'if true; then docker build -t org/a:local /x; fi',
    'export DOCKER_HOST=tcp://elsewhere\ndocker build -t org/a:local /x',
  ])('are told apart from others: %j', (text) => {
    expect(words(text)).toBeUndefined();
  });

  it.each([
    ['-t', 'a:local'],
    ['--build-context', 'x=/y', '/x'],
    ['.'],
    ['-'],
    ['https://host/repo.git'],
    ['/a', '/b'],
    ['$DIR'],
  ])('do not include calls of docker build such as %j', (...call) => {
    expect(readBuildWords(call)).toBeUndefined();
  });
});

function build(name: string, from?: string[]): BuildNeeds {
  return { image: `${name}:local`, ...(from === undefined ? {} : { from: new Set(from) }) };
}

describe('the order of builds', () => {
  it('is kept where the dependencies of a build are unknown', () => {
    const list = [build('a', []), build('script'), build('b', []), build('c', [])];
    expect(planWaits(list)).toEqual([
      { after: [], needs: [] },
      { after: [0], needs: [] },
      { after: [1], needs: [] },
      { after: [1], needs: [] },
    ]);
  });

  it('puts a base image of the list first whatever name refers to it, also when a script builds it', () => {
    const list = [build('a'), build('b', ['alpine']), build('c', ['docker.io/b:local', 'a:local@sha256:0'])];
    expect(planWaits(list)[2]).toEqual({ after: [0, 1], needs: [0, 1] });
  });

  it('never rebuilds a base image while an earlier build uses it, and reports such an order', () => {
    const list = [build('app', ['base:local']), build('base', ['alpine'])];
    expect(planWaits(list)[1]).toEqual({ after: [0], needs: [] });
    expect(usedTooEarly(list)).toEqual([{ image: 'app:local', from: 'base:local' }]);
  });
});

describe('parallel builds', () => {
  /**
   * Runs a list of builds and ends the running ones one by one, in the order given, so that nothing depends on time.
   * @returns which builds began (+) and ended (-), how many ran at once at most, and the error
   */
  async function trace(
    list: BuildNeeds[],
    jobs: number,
    endings: readonly number[],
    outcome: (index: number) => 'go on' | 'stop' | Error,
  ) {
    const events: string[] = [];
    let most = 0;
    const running = new Map<number, () => void>();
    const done = runInOrder(planWaits(list), jobs, async (index) => {
      events.push(`+${index}`);
      await new Promise<void>((resolve) => {
        running.set(index, resolve);
        most = Math.max(most, running.size);
      });
      running.delete(index);
      events.push(`-${index}`);
      const made = outcome(index);
      if (made instanceof Error) throw made;
      return made;
    }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    for (const index of endings) {
      // Let everything begin that can.
      await setImmediate();
      running.get(index)?.();
    }
    const error = await done;
    return { events: events.join(' '), most, error };
  }
  const four = [build('a', []), build('b', []), build('c', ['a:local']), build('d', [])];

  it('run in the order of the list with one job', async () => {
    expect((await trace(four, 1, [0, 1, 2, 3], () => 'go on')).events).toBe('+0 -0 +1 -1 +2 -2 +3 -3');
  });

  it('start when they are ready, up to the limit of jobs', async () => {
    const { events, most } = await trace(four, 2, [1, 3, 0, 2], () => 'go on');
    expect(most).toBe(2);
    expect(events).toBe('+0 +1 -1 +3 -3 -0 +2 -2');
  });

  it('stop starting after a cancellation or an error, and the running ones are awaited', async () => {
    const stopped = await trace(four, 2, [1, 0], (index) => (index === 1 ? 'stop' : 'go on'));
    expect(stopped.events).toBe('+0 +1 -1 -0');
    const broken = await trace(four, 2, [1, 0], (index) => (index === 1 ? new Error('broken') : 'go on'));
    expect(broken).toMatchObject({ events: '+0 +1 -1 -0', error: new Error('broken') });
  });
});

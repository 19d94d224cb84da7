import type { BuildNeeds } from './recipe/base-images.js';

/** What a build waits for. */
export interface Waits {
  /** Indexes of earlier builds that must have ended. */
  after: readonly number[];
  /** Those of them whose image it is built from. */
  needs: readonly number[];
}

/**
 * Plans which builds wait for which. Builds run in list order unless they are known to be independent. They are not if
 * one is built from the other's image (in either direction: a build earlier in the list uses the previous image), or if
 * it is unknown what one of them uses.
 */
export function planWaits(builds: readonly BuildNeeds[]): Waits[] {
  return builds.map((build, index) => {
    const after: number[] = [];
    const needs: number[] = [];
    for (const [earlierIndex, earlier] of builds.slice(0, index).entries()) {
      const needed = uses(build, earlier);
      if (needed === true) needs.push(earlierIndex);
      if (needed !== false || uses(earlier, build) !== false) after.push(earlierIndex);
    }
    return { after, needs };
  });
}

/** Builds whose base image is built later in the list: they use its previous version. */
export function usedTooEarly(builds: readonly BuildNeeds[]): { image: string; from: string }[] {
  return builds.flatMap((build, index) =>
    builds
      .slice(index + 1)
      .filter((later) => uses(build, later) === true)
      .map((later) => ({ image: build.image, from: later.image })),
  );
}

/** Whether a build is built from the other's image; undefined: possibly. */
function uses({ from }: BuildNeeds, other: BuildNeeds): boolean | undefined {
  if ([...(from ?? [])].some((image) => plainName(image) === other.image)) return true;
  return from === undefined || other.from === undefined ? undefined : false;
}

/** Shortens `docker.io/org/name:local@sha256:…` to `org/name:local`. */
function plainName(image: string): string {
  return image.replace(/^(index\.)?docker\.io\//, '').replace(/@.*$/, '');
}

/**
 * Runs builds in list order, at most `jobs` at once, each when everything it waits for has ended.
 * @param run builds the one with this index; `stop`: start no further builds
 * @throws what `run` throws, when all running builds have ended
 */
export async function runInOrder(
  waits: readonly Waits[],
  jobs: number,
  run: (index: number) => Promise<'go on' | 'stop'>,
): Promise<void> {
  const waiting = new Set(waits.keys());
  const running = new Map<number, Promise<void>>();
  const failures: unknown[] = [];
  let stopped = false;
  const ready = (index: number): boolean =>
    waits[index]?.after.every((other) => !waiting.has(other) && !running.has(other)) ?? true;
  for (;;) {
    for (const index of [...waiting]) {
      if (stopped || running.size >= jobs) break;
      if (!ready(index)) continue;
      waiting.delete(index);
      const build = run(index).then(
        (next) => {
          stopped ||= next === 'stop';
        },
        (error: unknown) => {
          failures.push(error);
          stopped = true;
        },
      );
      running.set(
        index,
        build.then(() => void running.delete(index)),
      );
    }
    if (running.size === 0) break;
    await Promise.race(running.values());
  }
  if (failures.length > 0) throw failures[0];
}

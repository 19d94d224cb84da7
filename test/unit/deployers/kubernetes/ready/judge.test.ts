import { describe, expect, it } from 'vitest';
import { Judge } from '../../../../../src/deployers/kubernetes/ready/judge.js';
import { crashLimit } from '../../../../../src/deployers/readiness/readiness.js';
import { steadyMs } from '../../../../../src/deployers/readiness/steady.js';
import type { WatchCache } from '../../../../../src/deployers/kubernetes/ready/watch-cache.js';
import type { LiveObject } from '../../../../../src/deployers/kubernetes/api/api.js';
import {
  crashing,
  deployment,
  event,
  job as runningJob,
  pod,
  podWith,
  readyPod,
  replicaSet,
  rolledOut,
  waiting,
  worldOf,
} from './objects.js';

const web = { kind: 'Deployment', name: 'web' } as const;
const job = { kind: 'Job', name: 'seed' } as const;

function change(world: WatchCache, kind: string, object: object): void {
  world.note({ type: 'MODIFIED', object: { apiVersion: 'v1', kind, ...object } as unknown as LiveObject });
}

describe('readiness that has to last', () => {
  it('is believed at the first look when nothing was started', () => {
    const judge = new Judge({ steadyMs, schedulingTimeoutMs: 0 });
    const world = worldOf({ Deployment: [deployment(rolledOut)], ReplicaSet: [replicaSet()], Pod: [readyPod()] });
    expect(judge.look(world, [web], 0)[0]?.readiness.kind).toBe('ready');
  });

  it('has to last when a container was just restarted, since it may be in a crash loop', () => {
    const startedAt = Date.parse('2026-01-01T00:00:00Z');
    const podRestarted = (restartCount: number) => {
      const made = readyPod();
      const containerStatuses = made.status?.containerStatuses?.map((each) => ({ ...each, restartCount })) ?? [];
      return { ...made, status: { ...made.status, containerStatuses } };
    };
    const look = (restarts: number, restartedSince: number) => {
      const judge = new Judge({ steadyMs, schedulingTimeoutMs: 0, restartedSince });
      const objects = {
        Deployment: [deployment(rolledOut)],
        ReplicaSet: [replicaSet()],
        Pod: [podRestarted(restarts)],
      };
      return (now: number) => judge.look(worldOf(objects), [web], now)[0]?.readiness;
    };
    expect(look(0, startedAt)(0)?.kind).toBe('ready');
    expect(look(1, startedAt + 1)(0)?.kind).toBe('ready');
    const restarted = look(1, startedAt);
    expect(restarted(0)).toMatchObject({ kind: 'waiting', recheckMs: steadyMs });
    expect(restarted(steadyMs)?.kind).toBe('ready');
  });

  it("is not taken from the Deployment's own count, which includes a killed pod for a moment", () => {
    const judge = new Judge({ steadyMs, schedulingTimeoutMs: 0 });
    const world = worldOf({ Deployment: [deployment(rolledOut)], ReplicaSet: [replicaSet()] });
    expect(judge.look(world, [web], 0)[0]?.readiness.kind).toBe('waiting');
    change(world, 'Pod', pod({ status: { phase: 'Pending' } }));
    expect(judge.look(world, [web], 100)[0]?.readiness.kind).toBe('waiting');
    change(world, 'Pod', readyPod());
    judge.look(world, [web], 1_000);
    expect(judge.look(world, [web], 1_000 + steadyMs)[0]?.readiness.kind).toBe('ready');
  });

  it('is checked again when a Deployment becomes ready while it is watched', () => {
    const judge = new Judge({ steadyMs, schedulingTimeoutMs: 0 });
    const world = worldOf({ Deployment: [deployment()], ReplicaSet: [replicaSet()], Pod: [readyPod()] });
    expect(judge.look(world, [web], 0)[0]?.readiness.kind).toBe('waiting');
    change(world, 'Deployment', deployment(rolledOut));
    expect(judge.look(world, [web], 1_000)[0]?.readiness).toMatchObject({ kind: 'waiting', recheckMs: steadyMs });
    expect(judge.look(world, [web], 1_000 + steadyMs)[0]?.readiness.kind).toBe('ready');
  });

  it('is believed at once when all containers have probes', () => {
    const judge = new Judge({ steadyMs, schedulingTimeoutMs: 0 });
    const probed = (...probes: (object | undefined)[]) => ({
      spec: { replicas: 1, template: { spec: { containers: probes.map((readinessProbe) => ({ readinessProbe })) } } },
    });
    const set = (...probes: (object | undefined)[]) => ({ ...replicaSet(), ...probed(...probes) });
    const world = worldOf({
      Deployment: [{ ...deployment(), ...probed({}, {}) }],
      ReplicaSet: [set({}, {})],
      Pod: [readyPod()],
    });
    expect(judge.look(world, [web], 0)[0]?.readiness.kind).toBe('waiting');
    change(world, 'Deployment', { ...deployment(rolledOut), ...probed({}, {}) });
    expect(judge.look(world, [web], 1_000)[0]?.readiness.kind).toBe('ready');

    const half = new Judge({ steadyMs, schedulingTimeoutMs: 0 });
    change(world, 'ReplicaSet', set({}, undefined));
    change(world, 'Deployment', { ...deployment(), ...probed({}, undefined) });
    half.look(world, [web], 0);
    change(world, 'Deployment', { ...deployment(rolledOut), ...probed({}, undefined) });
    expect(half.look(world, [web], 1_000)[0]?.readiness.kind).toBe('waiting');
  });

  it('is not believed when it was reported before the node was restarted', () => {
    const nodesStartedAt = Date.parse('2026-01-01T12:00:00.700Z');
    const running = (startedAt: string) => readyPod(startedAt);
    const world = worldOf({
      Deployment: [deployment(rolledOut)],
      ReplicaSet: [replicaSet()],
      Pod: [running('2026-01-01T11:59:59Z')],
    });
    expect(new Judge({ steadyMs, schedulingTimeoutMs: 0 }).look(world, [web], 0)[0]?.readiness.kind).toBe('ready');
    const judge = new Judge({ steadyMs, schedulingTimeoutMs: 0, nodesStartedAt });
    expect(judge.look(world, [web], 0)[0]?.readiness).toMatchObject({
      kind: 'waiting',
      state: '1/1 ready: not reported yet since its node was started',
    });
    // The pod is reported, but the Deployment does not know it yet.
    change(world, 'Pod', podWith({ ready: false, state: { terminated: { exitCode: 255 } } }));
    expect(judge.look(world, [web], 500)[0]?.readiness.kind).toBe('waiting');
    change(world, 'Pod', running('2026-01-01T12:00:00Z'));
    judge.look(world, [web], 1_000);
    expect(judge.look(world, [web], 1_000 + steadyMs)[0]?.readiness.kind).toBe('ready');
  });

  it('starts over when it is lost', () => {
    const judge = new Judge({ steadyMs, schedulingTimeoutMs: 0 });
    const world = worldOf({ Deployment: [deployment()], ReplicaSet: [replicaSet()], Pod: [readyPod()] });
    judge.look(world, [web], 0);
    change(world, 'Deployment', deployment(rolledOut));
    judge.look(world, [web], 1_000);
    change(world, 'Deployment', deployment());
    judge.look(world, [web], 1_100);
    change(world, 'Deployment', deployment(rolledOut));
    expect(judge.look(world, [web], 1_000 + steadyMs)[0]?.readiness.kind).toBe('waiting');
  });
});

describe('objects that are gone', () => {
  it('fail when somebody deletes them during the wait', () => {
    const judge = new Judge({ steadyMs, schedulingTimeoutMs: 0 });
    const world = worldOf({ Deployment: [deployment()] });
    judge.look(world, [web], 0);
    world.noteMissing('Deployment', 'web');
    expect(judge.look(world, [web], 1)[0]?.readiness).toEqual({
      kind: 'failed',
      state: 'was deleted by another client',
    });
  });
});

describe('a crash loop', () => {
  const loop = (restarts: number) =>
    worldOf({ Deployment: [deployment()], ReplicaSet: [replicaSet()], Pod: [podWith(crashing(restarts))] });

  it('fails at the first repeated crash when nothing else is pending', () => {
    expect(new Judge({ steadyMs, schedulingTimeoutMs: 0 }).look(loop(1), [web], 0)[0]?.readiness).toMatchObject({
      kind: 'failed',
      container: 'app',
    });
  });

  it('gets more chances while a job runs, but not for ever', () => {
    const judge = new Judge({ steadyMs, schedulingTimeoutMs: 0 });
    const world = loop(1);
    change(world, 'Job', runningJob());
    expect(judge.look(world, [web, job], 0)[0]?.readiness.kind).toBe('looping');
    change(world, 'Pod', podWith(crashing(crashLimit)));
    expect(judge.look(world, [web, job], 1)[0]?.readiness.kind).toBe('failed');
  });

  it('gets more chances while another container of its pod is starting', () => {
    const both = (restarts: number) => {
      const one = podWith(crashing(restarts));
      const db = { name: 'db', image: 'db:1', ready: false, restartCount: 0, state: { running: {} } };
      return pod({
        spec: { containers: [{ name: 'app' }, { name: 'db' }] },
        status: { containerStatuses: [...(one.status?.containerStatuses ?? []), db] },
      });
    };
    const world = worldOf({ Deployment: [deployment()], ReplicaSet: [replicaSet()], Pod: [both(1)] });
    expect(new Judge({ steadyMs, schedulingTimeoutMs: 0 }).look(world, [web], 0)[0]?.readiness.kind).toBe('looping');
  });

  it('gets one more chance when something becomes ready', () => {
    const judge = new Judge({ steadyMs, schedulingTimeoutMs: 0 });
    const other = { ...deployment(), metadata: { ...deployment().metadata, name: 'db', uid: 'other' } };
    const awaited = [web, { kind: 'Deployment', name: 'db' } as const];
    const world = loop(1);
    change(world, 'Deployment', other);
    expect(judge.look(world, awaited, 0)[0]?.readiness.kind).toBe('looping');
    const ofOther = [{ kind: 'Deployment', name: 'db', uid: 'other' }];
    change(world, 'ReplicaSet', { ...replicaSet(), metadata: { name: 'db-r', uid: 'db-r', ownerReferences: ofOther } });
    change(world, 'Pod', readyPod(undefined, { name: 'db-1', owner: { kind: 'ReplicaSet', uid: 'db-r' } }));
    change(world, 'Deployment', { ...other, status: { observedGeneration: 1, ...rolledOut } });
    judge.look(world, awaited, 10);
    expect(judge.look(world, awaited, 10 + steadyMs)[0]?.readiness.kind).toBe('looping');
    change(world, 'Pod', podWith(crashing(2)));
    expect(judge.look(world, awaited, 20 + steadyMs)[0]?.readiness.kind).toBe('failed');
  });

  it('is not excused for an image that cannot be pulled', () => {
    const judge = new Judge({ steadyMs, schedulingTimeoutMs: 0 });
    const world = worldOf({
      Deployment: [deployment()],
      ReplicaSet: [replicaSet()],
      Pod: [podWith(waiting('ImagePullBackOff'))],
    });
    expect(judge.look(world, [web, job], 0)[0]?.readiness.kind).toBe('failed');
  });
});

describe('the message of a probe during the wait', () => {
  it('is reported once, not for every change of a number in it', () => {
    const judge = new Judge({ steadyMs, schedulingTimeoutMs: 0 });
    const world = worldOf({
      Deployment: [deployment()],
      ReplicaSet: [replicaSet()],
      Pod: [podWith({ state: { running: { startedAt: '2026-01-01T00:00:00Z' } } })],
    });
    const says = (text: string, second: number) => {
      const at = `2026-01-01T00:00:0${second}Z`;
      change(world, 'Event', event('uid-web-r-1', 'Unhealthy', `Readiness probe failed: ${text}`, at));
      return judge.look(world, [web], second)[0]?.readiness;
    };
    const waits = (probe: string) => ({ kind: 'waiting', state: '0/1 ready: app running, not ready yet', probe });
    expect(judge.look(world, [web], 0)[0]?.readiness).toEqual({
      kind: 'waiting',
      state: '0/1 ready: app running, not ready yet',
    });
    expect(says('refused after 11 ms', 1)).toEqual(waits('readiness probe failed: refused after 11 ms'));
    expect(says('refused after 7 ms', 2)).toEqual(waits('readiness probe failed: refused after 11 ms'));
    expect(says('no such table', 3)).toEqual(waits('readiness probe failed: no such table'));
  });
});

describe('a healthcheck that never succeeds', () => {
  const healthPatience = new Map([['web/app', { ms: 5_000, hangingMs: 9_000 }]]);
  const runs = (restartCount = 0, ready = false) =>
    podWith({ state: { running: { startedAt: '2026-01-01T00:00:00Z' } }, restartCount, ready });
  const uid = runs().metadata.uid;
  const said = (message: string) => event(uid, 'Unhealthy', `Readiness probe failed: ${message}`);

  function watched(message: string) {
    const world = worldOf({
      Deployment: [deployment()],
      ReplicaSet: [replicaSet()],
      Pod: [runs()],
      Event: [said(message)],
    });
    const judge = new Judge({ steadyMs, schedulingTimeoutMs: 0, healthPatience });
    return { world, at: (now: number) => judge.look(world, [web], now)[0]?.readiness };
  }

  it('fails after the time that Compose allows, counted from when the container was first seen running', () => {
    const { at } = watched('no leader was elected');
    expect(at(1_000)).toMatchObject({ kind: 'waiting', recheckMs: 5_000 });
    expect(at(5_999)).toMatchObject({ kind: 'waiting', recheckMs: 1 });
    expect(at(6_000)).toEqual({
      kind: 'failed',
      state: 'app unhealthy: readiness probe failed: no leader was elected',
      pod: 'web-r-1',
      container: 'app',
    });
  });

  it('gets the whole time again after a recovery or a restart', () => {
    const { world, at } = watched('not yet');
    at(0);
    change(world, 'Pod', runs(0, true));
    expect(at(4_000)?.kind).toBe('waiting');
    change(world, 'Pod', runs());
    expect(at(4_500)).toMatchObject({ kind: 'waiting', recheckMs: 5_000 });
    change(world, 'Pod', runs(1));
    expect(at(9_000)).toMatchObject({ kind: 'waiting', recheckMs: 5_000 });
    expect(at(14_000)?.kind).toBe('failed');
  });

  it('fails later when its checks hang, and is not counted when there is none', () => {
    const { at } = watched('command timed out: "slow" timed out after 1s');
    at(0);
    expect(at(5_000)).toMatchObject({ kind: 'waiting', recheckMs: 4_000 });
    expect(at(9_000)?.kind).toBe('failed');
    const world = worldOf({ Deployment: [deployment()], ReplicaSet: [replicaSet()], Pod: [runs()] });
    const judge = new Judge({ steadyMs, schedulingTimeoutMs: 0 });
    judge.look(world, [web], 0);
    expect(judge.look(world, [web], 1e9)[0]?.readiness.kind).toBe('waiting');
  });
});

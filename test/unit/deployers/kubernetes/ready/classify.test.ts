import { describe, expect, it } from 'vitest';
import type { LiveObject } from '../../../../../src/deployers/kubernetes/api/api.js';
import { claimProblem } from '../../../../../src/deployers/kubernetes/ready/volume-claim.js';
import type { ContainerStatusFacts } from '../../../../../src/deployers/kubernetes/ready/api-types.js';
import { podReadiness, type PodQuestion } from '../../../../../src/deployers/kubernetes/ready/pod.js';
import { deploymentReadiness, jobReadiness } from '../../../../../src/deployers/kubernetes/ready/workload.js';
import {
  claim,
  container,
  crashing,
  deployment,
  event,
  job,
  pod,
  podWith,
  readyPod,
  replicaSet,
  rolledOut,
  volume,
  waiting,
  worldOf,
} from './objects.js';

function question(changes: Partial<PodQuestion> = {}): PodQuestion {
  return {
    world: worldOf({}),
    final: false,
    unscheduledMs: () => 0,
    notReadyMs: () => 0,
    schedulingTimeoutMs: 10_000,
    ...changes,
  };
}

describe('a container that is not running', () => {
  it.each([
    ['ImagePullBackOff', 'Back-off pulling image "nope"'],
    ['ErrImageNeverPull', 'Container image "x" is not present'],
    ['InvalidImageName', 'invalid reference format'],
    ['CreateContainerConfigError', 'secret "keys" not found'],
    ['CreateContainerError', 'failed to create'],
  ])('cannot recover from %s', (reason, message) => {
    const readiness = podReadiness(podWith(waiting(reason, message)), question());
    expect(readiness).toEqual({
      kind: 'failed',
      state: `app ${reason}: ${message}`,
      pod: 'web-r-1',
      container: 'app',
    });
  });

  it.each<[string, Partial<ContainerStatusFacts>]>([
    ['a failed first pull, which is retried', waiting('ErrImagePull', 'connection reset')],
    [
      'a ConfigMap that the kubelet has not yet loaded',
      waiting('CreateContainerConfigError', 'failed to sync configmap cache: timed out'),
    ],
    ['creation in progress', waiting('ContainerCreating')],
    ['waiting for an init container', waiting('PodInitializing')],
    ['an ended container that is about to be restarted', { state: { terminated: { exitCode: 1 } }, restartCount: 0 }],
    ['a running container that is not ready', { state: { running: {} } }],
    ['a container that is not yet reported', {}],
  ])('may still become ready: %s', (_, status) => {
    expect(podReadiness(podWith(status), question()).kind).toBe('waiting');
  });

  it('in a crash loop is reported with how it ended', () => {
    expect(podReadiness(podWith(crashing(2)), question())).toEqual({
      kind: 'looping',
      state: 'app crash loop: exited with code 3, restarted 2 times',
      pod: 'web-r-1',
      container: 'app',
      restarts: 2,
    });
  });

  it('is reported as out of memory', () => {
    const status = { ...crashing(1), lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } } };
    expect(podReadiness(podWith(status), question()).state).toContain('killed: out of memory');
  });
});

describe('pods', () => {
  it('name the init container that fails, not those that wait for it', () => {
    const one = pod({
      spec: { initContainers: [{ name: 'prepare' }] },
      status: {
        initContainerStatuses: [container({ name: 'prepare', ...waiting('ImagePullBackOff') })],
        containerStatuses: [container(waiting('PodInitializing'))],
      },
    });
    expect(podReadiness(one, question())).toMatchObject({ kind: 'failed', container: 'prepare' });
  });

  it('are ready with a running sidecar, but not with a running init container', () => {
    const running = (restartPolicy: string | undefined) =>
      pod({
        spec: { initContainers: [{ name: 'side', ...(restartPolicy === undefined ? {} : { restartPolicy }) }] },
        status: {
          conditions: [{ type: 'Ready', status: 'True' }],
          initContainerStatuses: [container({ name: 'side', state: { running: {} }, ready: true })],
          containerStatuses: [container({ state: { running: {} }, ready: true })],
        },
      });
    expect(podReadiness(running('Always'), question()).kind).toBe('ready');
    expect(podReadiness(running(undefined), question()).kind).toBe('waiting');
  });

  const unscheduled = (message: string) =>
    pod({ status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }] } });

  it('fail when they fit on no node after the cluster had time to make room', () => {
    const one = unscheduled('0/1 nodes are available: 1 Insufficient cpu.');
    expect(podReadiness(one, question({ unscheduledMs: () => 4_000 }))).toMatchObject({
      kind: 'waiting',
      recheckMs: 6_000,
    });
    expect(podReadiness(one, question({ unscheduledMs: () => 10_000 }))).toMatchObject({
      kind: 'failed',
      pod: 'web-r-1',
    });
  });

  it('wait for new nodes, and for nodes that are starting', () => {
    const late = { unscheduledMs: () => 60_000 };
    const one = unscheduled('0/1 nodes are available: 1 Insufficient cpu.');
    const world = worldOf({ Event: [event(one.metadata.uid, 'TriggeredScaleUp')] });
    expect(podReadiness(one, question({ ...late, world })).kind).toBe('waiting');
    const starting = unscheduled('1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }');
    expect(podReadiness(starting, question(late)).kind).toBe('waiting');
  });

  it('fail at once when they wait for a claim that can never be bound', () => {
    const one = {
      ...unscheduled('pod has unbound immediate PersistentVolumeClaims'),
      spec: { containers: [{ name: 'app' }], volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] },
    };
    const world = worldOf({ PersistentVolumeClaim: [claim({ volumeName: 'gone' })] });
    expect(podReadiness(one, question({ world })).kind).toBe('waiting');
    world.noteMissing('PersistentVolume', 'gone');
    expect(podReadiness(one, question({ world }))).toMatchObject({
      kind: 'failed',
      state: 'volume claim data waits for volume gone, which does not exist',
    });
  });

  it('fail when they fit on no node, also while a claim waits for its pod', () => {
    const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }];
    const world = worldOf({ PersistentVolumeClaim: [claim()] });
    const late = question({ world, unscheduledMs: () => 10_000 });
    const full = {
      ...unscheduled('0/1 nodes are available: 1 Insufficient memory.'),
      spec: { containers: [{ name: 'app' }], volumes },
    };
    expect(podReadiness(full, late)).toEqual({
      kind: 'failed',
      state: 'no node accepts it: 0/1 nodes are available: 1 Insufficient memory.',
      pod: 'web-r-1',
    });
    const unbound = {
      ...unscheduled("0/1 nodes are available: 1 node(s) didn't find available persistent volumes to bind."),
      spec: full.spec,
    };
    expect(podReadiness(unbound, late)).toEqual({ kind: 'waiting', state: 'volume claim data waits for a volume' });
  });

  it('do not report a scheduling conflict that is retried', () => {
    const message =
      'running PreBind plugin "VolumeBinding": Operation cannot be fulfilled on persistentvolumeclaims "data": the object has been modified; please apply your changes to the latest version and try again';
    const one = pod({
      status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulerError', message }] },
    });
    expect(podReadiness(one, question())).toEqual({ kind: 'waiting', state: 'not scheduled yet' });
  });

  it('fail for a Secret that is still missing at the second mount, unless the event is older than the start', () => {
    const one = podWith(waiting('ContainerCreating'));
    const missing = event(one.metadata.uid, 'FailedMount', 'MountVolume.SetUp failed: secret "keys" not found');
    const world = worldOf({ Event: [missing] });
    expect(podReadiness(one, question({ world })).kind).toBe('waiting');
    world.note({ type: 'MODIFIED', object: { apiVersion: 'v1', kind: 'Event', ...missing } as unknown as LiveObject });
    expect(podReadiness(one, question({ world }))).toEqual({
      kind: 'failed',
      state: 'app cannot be created: MountVolume.SetUp failed: secret "keys" not found',
      pod: 'web-r-1',
    });
  });

  it('do not report an early mount failure once the containers were created', () => {
    const { uid } = pod({}).metadata;
    const mount = event(uid, 'FailedMount', 'failed to sync configmap cache: timed out waiting for the condition');
    const about = { ...mount, involvedObject: { uid } };
    const image = event(uid, 'Failed', 'no such image');
    const told = (at: string, status = 'True') => {
      const ready = { type: 'PodReadyToStartContainers', status, lastTransitionTime: at };
      const world = worldOf({ Pod: [pod({ status: { conditions: [ready] } })], Event: [about, image] });
      return world.warningsAbout(new Set([uid])).map(({ reason }) => reason);
    };
    expect(told('2026-01-01T00:00:10Z')).toEqual(['Failed']);
    expect(told('2026-01-01T00:00:10Z', 'False')).toEqual(['FailedMount', 'Failed']);
    expect(told('2026-01-01T00:00:09Z')).toEqual(['FailedMount', 'Failed']);
  });

  it('report events about a pull or a mount while a container is being created', () => {
    const one = podWith(waiting('ContainerCreating'));
    const { uid } = one.metadata;
    const pulling = worldOf({ Event: [event(uid, 'Pulling')] });
    expect(podReadiness(one, question({ world: pulling })).state).toBe('app pulls image app:1');
    const mount = worldOf({ Event: [event(uid, 'FailedMount', 'configmap "x" not found')] });
    expect(podReadiness(one, question({ world: mount })).state).toBe(
      'app cannot be created yet: configmap "x" not found',
    );
  });
});

describe('the last probe message of a container that runs but is not ready', () => {
  const probed = (messages: readonly string[], startedAt = '2026-01-01T00:00:00Z') => {
    const one = podWith({ state: { running: { startedAt } } });
    const events = messages.map((text, at) => event(one.metadata.uid, 'Unhealthy', text, `2026-01-01T00:00:1${at}Z`));
    return podReadiness(one, question({ world: worldOf({ Event: events }) }));
  };
  const waits = { kind: 'waiting', state: 'app running, not ready yet' };

  it.each<[string, string[], string]>([
    ['in one line', ['Readiness probe failed: no\n  route\n'], 'readiness probe failed: no route'],
    ['the newest', ['Readiness probe failed: a', 'Readiness probe failed: b'], 'readiness probe failed: b'],
    ['without output', ['Readiness probe failed: '], 'readiness probe failed'],
    ['a startup probe', ['Startup probe errored: no shell'], 'startup probe errored: no shell'],
    [
      'as the kubelet repeats it',
      ['(combined from similar events): Readiness probe failed: x'],
      'readiness probe failed: x',
    ],
  ])('%s', (_, messages, probe) => {
    expect(probed(messages)).toEqual({ ...waits, probe });
  });

  it('is truncated when it is long', () => {
    const readiness = probed([`Readiness probe failed: ${'word '.repeat(100)}`]);
    const probe = 'probe' in readiness ? readiness.probe : undefined;
    expect(probe).toMatch(/^readiness probe failed: word .* word…$/);
    expect(probe?.length).toBeLessThanOrEqual(160);
  });

  it('ignores messages from before a restart, from another probe, or about another container', () => {
    expect(probed(['Readiness probe failed: before'], '2026-01-01T00:01:00Z')).toEqual(waits);
    expect(probed(['Liveness probe failed: x'])).toEqual(waits);
    const one = podWith({ name: 'other', state: { running: {} } }, { spec: { containers: [{ name: 'other' }] } });
    const world = worldOf({ Event: [event(one.metadata.uid, 'Unhealthy', 'Readiness probe failed: x')] });
    expect(podReadiness(one, question({ world }))).toEqual({ ...waits, state: 'other running, not ready yet' });
  });
});

describe('claims that are not bound', () => {
  it.each<[string, ReturnType<typeof claim>, Parameters<typeof worldOf>[0], string, boolean]>([
    [
      'that do not exist yet',
      claim({ volumeName: 'v' }),
      { PersistentVolume: [volume('v')] },
      'waits for volume v',
      false,
    ],
    [
      'whose volume is bound to another claim',
      claim({ volumeName: 'v' }),
      { PersistentVolume: [volume('v', { namespace: 'other', name: 'data', uid: 'x' })] },
      'belongs to claim other/data',
      true,
    ],
    [
      'whose volume was bound to an earlier claim',
      claim({ volumeName: 'v' }),
      { PersistentVolume: [volume('v', { namespace: 'ns', name: 'data', uid: 'before' })] },
      'earlier claim',
      true,
    ],
    [
      'whose class does not exist',
      claim({ storageClassName: 'fast' }),
      { Event: [event('c', 'ProvisioningFailed', 'storageclass.storage.k8s.io "fast" not found')] },
      '"fast" not found',
      true,
    ],
    [
      'whose provisioner has a temporary problem',
      claim({ storageClassName: 'fast' }),
      { Event: [event('c', 'ProvisioningFailed', 'rpc error: deadline exceeded')] },
      'deadline exceeded',
      false,
    ],
    ['that lack a default class', claim(), { Event: [event('c', 'FailedBinding')] }, 'no default storage class', true],
    ['that lost their volume', claim({ volumeName: 'v' }, 'Lost'), {}, 'is lost', true],
  ])('%s', (_, one, world, state, never) => {
    const problem = claimProblem(one, worldOf(world));
    expect(problem).toEqual({ claim: 'data', state: expect.stringContaining(state) as string, never });
  });

  it('have no problem when they are bound', () => {
    expect(claimProblem(claim({}, 'Bound'), worldOf({}))).toBeUndefined();
  });
});

describe('Deployments', () => {
  const judge = (one: ReturnType<typeof deployment>, objects: Parameters<typeof worldOf>[0] = {}) =>
    deploymentReadiness(one, question({ world: worldOf({ ReplicaSet: [replicaSet()], ...objects }) }));

  it('are ready when the controller has seen them and all pods are from the new template', () => {
    expect(judge(deployment(rolledOut), { Pod: [readyPod()] })).toEqual({ kind: 'ready', state: '1/1 ready' });
  });

  it.each<[string, ReturnType<typeof deployment>]>([
    ['not seen by the controller since the change', deployment({ ...rolledOut, observedGeneration: 1 }, 2)],
    ['an old pod that still runs', deployment({ ...rolledOut, replicas: 2 })],
    ['only an old pod that is ready', deployment({ ...rolledOut, updatedReplicas: 0 })],
    ['a pod that is not yet available', deployment({ ...rolledOut, availableReplicas: 0 })],
  ])('wait for: %s', (_, one) => {
    expect(judge(one, { Pod: [readyPod()] }).kind).toBe('waiting');
  });

  const refusing = (message: string) => [
    replicaSet('r', 'present', [{ type: 'ReplicaFailure', status: 'True', message }]),
  ];

  it.each([
    ['a quota that still counts its pods', 'exceeded quota: x'],
    ['a busy server', 'Timeout: request did not complete within requested timeout'],
    [
      'a namespace without its service account yet',
      'error looking up service account n/default: serviceaccount "default" not found',
    ],
  ])('wait for: %s', (_, message) => {
    expect(judge(deployment(), { ReplicaSet: refusing(message) }).kind).toBe('waiting');
  });

  it('report a quota that nothing frees, without waiting until the end', () => {
    const asked = (objects: Parameters<typeof worldOf>[0], ms: number) => {
      const world = worldOf({ ReplicaSet: refusing('exceeded quota: x'), ...objects });
      return deploymentReadiness(deployment(), question({ world, unscheduledMs: () => ms }));
    };
    expect(asked({}, 9_000)).toMatchObject({ kind: 'waiting', recheckMs: 1_000 });
    expect(asked({}, 10_000)).toEqual({ kind: 'failed', state: 'its pods are refused: exceeded quota: x' });
    const ofJob = podWith({ state: { running: {} } }, { owner: { kind: 'Job', uid: 'j' }, name: 'seed-1' });
    expect(asked({ Pod: [ofJob] }, 60_000).kind).toBe('waiting');
  });

  it('ignore pods of an earlier template, whatever their state', () => {
    const old = podWith(waiting('ImagePullBackOff'), { owner: { kind: 'ReplicaSet', uid: 'old' } });
    const objects = { ReplicaSet: [replicaSet(), replicaSet('old', 'earlier')], Pod: [old] };
    expect(judge(deployment(), objects)).toEqual({ kind: 'waiting', state: '0/1 ready: 1 earlier pod to go' });
  });

  const stuck = deployment({
    conditions: [
      { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' },
      { type: 'ReplicaFailure', status: 'True', message: 'pods "x" is forbidden' },
    ],
  });

  it('ignore conditions of the Deployment until the controller has made a ReplicaSet for the current template', () => {
    // With the Recreate strategy this lasts until the old pods are gone; the Deployment's revision is the old one, too.
    const failure = { type: 'ReplicaFailure', status: 'True', message: 'pods "x" is forbidden' };
    const old = podWith(waiting('ImagePullBackOff'), { owner: { kind: 'ReplicaSet', uid: 'old' } });
    const objects = { ReplicaSet: [replicaSet('old', 'earlier', [failure])], Pod: [old] };
    expect(judge(stuck, objects)).toEqual({ kind: 'waiting', state: '0/1 ready: 1 earlier pod to go' });
  });

  it('fail when their pods are refused', () => {
    const refused = judge(deployment(), { ReplicaSet: refusing('pods "x" is forbidden') });
    expect(refused).toEqual({ kind: 'failed', state: 'its pods are refused: pods "x" is forbidden' });
  });

  it('fail without progress within the deadline', () => {
    const state = expect.stringContaining('made no progress within its deadline') as string;
    expect(judge(stuck)).toMatchObject({ kind: 'failed', state });
  });
});

describe('Jobs', () => {
  const judge = (one: ReturnType<typeof job>, pods: ReturnType<typeof pod>[] = []) =>
    jobReadiness(one, question({ world: worldOf({ Pod: pods }) }));
  const own = { owner: { kind: 'Job', uid: 'j' }, name: 'seed-1' };

  it('are complete', () => {
    expect(judge(job({ conditions: [{ type: 'Complete', status: 'True' }] })).kind).toBe('ready');
  });

  it('fail with the container that ended', () => {
    const one = job({
      conditions: [{ type: 'Failed', status: 'True', message: 'Job has reached the specified backoff limit' }],
    });
    const ended = podWith({ state: { terminated: { exitCode: 7 } } }, own);
    expect(judge(one, [ended])).toEqual({
      kind: 'failed',
      state: 'failed: app exited with code 7',
      pod: 'seed-1',
      container: 'app',
    });
    expect(judge(one)).toMatchObject({ kind: 'failed', state: 'failed: Job has reached the specified backoff limit' });
  });

  it('do not fail because a container ended with an error, until the Job itself reports it', () => {
    expect(judge(job(), [podWith({ state: { terminated: { exitCode: 7 } } }, own)]).kind).toBe('waiting');
  });

  it('fail when their pods are refused, since they would wait for ever', () => {
    const refused = event('j', 'FailedCreate', 'Error creating: pods "x" is forbidden: violates PodSecurity');
    const world = worldOf({ Event: [refused] });
    expect(jobReadiness(job(), question({ world }))).toEqual({
      kind: 'failed',
      state: 'its pods are refused: Error creating: pods "x" is forbidden: violates PodSecurity',
    });
  });

  it('fail when an image cannot be pulled, since they would wait for ever', () => {
    expect(judge(job(), [podWith(waiting('ImagePullBackOff'), own)]).kind).toBe('failed');
  });
});

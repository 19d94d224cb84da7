import { describe, expect, it } from 'vitest';
import type { LiveObject } from '../../../src/deployers/kubernetes/cluster/api.js';
import { claimProblem } from '../../../src/deployers/kubernetes/ready/claim.js';
import type { ContainerStatusFacts } from '../../../src/deployers/kubernetes/ready/facts.js';
import { podReadiness, type PodQuestion } from '../../../src/deployers/kubernetes/ready/pod.js';
import { deploymentReadiness, jobReadiness } from '../../../src/deployers/kubernetes/ready/workload.js';
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
  return { world: worldOf({}), final: false, unscheduledMs: () => 0, notReadyMs: () => 0, roomMs: 10_000, ...changes };
}

describe('a container that is not running', () => {
  it.each([
    ['ImagePullBackOff', 'Back-off pulling image "nope"'],
    ['ErrImageNeverPull', 'Container image "x" is not present'],
    ['InvalidImageName', 'invalid reference format'],
    ['CreateContainerConfigError', 'secret "keys" not found'],
    ['CreateContainerError', 'failed to create'],
  ])('%s never comes right by itself', (reason, message) => {
    const readiness = podReadiness(podWith(waiting(reason, message)), question());
    expect(readiness).toEqual({
      kind: 'failed',
      state: `app ${reason}: ${message}`,
      pod: 'web-r-1',
      container: 'app',
    });
  });

  it.each<[string, Partial<ContainerStatusFacts>]>([
    ['a first failed pull, which is tried again', waiting('ErrImagePull', 'connection reset')],
    [
      'a ConfigMap that the kubelet has not loaded yet',
      waiting('CreateContainerConfigError', 'failed to sync configmap cache: timed out'),
    ],
    ['being created', waiting('ContainerCreating')],
    ['behind an init container', waiting('PodInitializing')],
    ['ended, and about to be started again', { state: { terminated: { exitCode: 1 } }, restartCount: 0 }],
    ['running and not ready', { state: { running: {} } }],
    ['not reported', {}],
  ])('%s: it may still become ready', (_, status) => {
    expect(podReadiness(podWith(status), question()).kind).toBe('waiting');
  });

  it('a crash loop is told with how it ended', () => {
    expect(podReadiness(podWith(crashing(2)), question())).toEqual({
      kind: 'looping',
      state: 'app crash loop: exited with code 3, restarted 2 times',
      pod: 'web-r-1',
      container: 'app',
      restarts: 2,
    });
  });

  it('out of memory is said in these words', () => {
    const status = { ...crashing(1), lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } } };
    expect(podReadiness(podWith(status), question()).state).toContain('killed: out of memory');
  });
});

describe('pods', () => {
  it('the init container that fails is named, not those behind it', () => {
    const one = pod({
      spec: { initContainers: [{ name: 'prepare' }] },
      status: {
        initContainerStatuses: [container({ name: 'prepare', ...waiting('ImagePullBackOff') })],
        containerStatuses: [container(waiting('PodInitializing'))],
      },
    });
    expect(podReadiness(one, question())).toMatchObject({ kind: 'failed', container: 'prepare' });
  });

  it('a sidecar that runs is ready; an init container that runs holds up the pod', () => {
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

  it('no node takes it: failed when the cluster has had its time to make room', () => {
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

  it('new nodes on their way, or nodes that are just starting, are waited for', () => {
    const late = { unscheduledMs: () => 60_000 };
    const one = unscheduled('0/1 nodes are available: 1 Insufficient cpu.');
    const world = worldOf({ Event: [event(one.metadata.uid, 'TriggeredScaleUp')] });
    expect(podReadiness(one, question({ ...late, world })).kind).toBe('waiting');
    const starting = unscheduled('1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }');
    expect(podReadiness(starting, question(late)).kind).toBe('waiting');
  });

  it('a pod that waits for a claim that never can be bound has failed at once', () => {
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

  it('a claim that waits for its pod does not hide why no node takes the pod, and it fails', () => {
    const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }];
    const world = worldOf({ PersistentVolumeClaim: [claim()] });
    const late = question({ world, unscheduledMs: () => 10_000 });
    const full = {
      ...unscheduled('0/1 nodes are available: 1 Insufficient memory.'),
      spec: { containers: [{ name: 'app' }], volumes },
    };
    expect(podReadiness(full, late)).toEqual({
      kind: 'failed',
      state: 'no node takes it: 0/1 nodes are available: 1 Insufficient memory.',
      pod: 'web-r-1',
    });
    const unbound = {
      ...unscheduled("0/1 nodes are available: 1 node(s) didn't find available persistent volumes to bind."),
      spec: full.spec,
    };
    expect(podReadiness(unbound, late)).toEqual({ kind: 'waiting', state: 'volume claim data waits for a volume' });
  });

  it('a collision that the scheduler tries again is not told', () => {
    const message =
      'running PreBind plugin "VolumeBinding": Operation cannot be fulfilled on persistentvolumeclaims "data": the object has been modified; please apply your changes to the latest version and try again';
    const one = pod({
      status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulerError', message }] },
    });
    expect(podReadiness(one, question())).toEqual({ kind: 'waiting', state: 'not scheduled yet' });
  });

  it('a Secret that is missing at the second try of a mount never comes; what was said before we came may be over', () => {
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

  it('a mount that failed at first is no reason once the containers could be created', () => {
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

  it('what the cluster says of a pull and of a mount is told while a container is being created', () => {
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

describe('what a probe last said of a container that runs and is not ready', () => {
  const probed = (messages: readonly string[], startedAt = '2026-01-01T00:00:00Z') => {
    const one = podWith({ state: { running: { startedAt } } });
    const events = messages.map((text, at) => event(one.metadata.uid, 'Unhealthy', text, `2026-01-01T00:00:1${at}Z`));
    return podReadiness(one, question({ world: worldOf({ Event: events }) }));
  };
  const waits = { kind: 'waiting', state: 'app running, not ready yet' };

  it.each<[string, string[], string]>([
    ['in one line', ['Readiness probe failed: no\n  route\n'], 'readiness probe failed: no route'],
    ['the newest', ['Readiness probe failed: a', 'Readiness probe failed: b'], 'readiness probe failed: b'],
    ['without its output', ['Readiness probe failed: '], 'readiness probe failed'],
    ['a start-up probe', ['Startup probe errored: no shell'], 'startup probe errored: no shell'],
    [
      'as the kubelet repeats it',
      ['(combined from similar events): Readiness probe failed: x'],
      'readiness probe failed: x',
    ],
  ])('%s', (_, messages, probe) => {
    expect(probed(messages)).toEqual({ ...waits, probe });
  });

  it('a long one is cut', () => {
    const readiness = probed([`Readiness probe failed: ${'word '.repeat(100)}`]);
    const probe = 'probe' in readiness ? readiness.probe : undefined;
    expect(probe).toMatch(/^readiness probe failed: word .* word…$/);
    expect(probe?.length).toBeLessThanOrEqual(160);
  });

  it('none of before the container was started again, of another probe, of another container', () => {
    expect(probed(['Readiness probe failed: before'], '2026-01-01T00:01:00Z')).toEqual(waits);
    expect(probed(['Liveness probe failed: x'])).toEqual(waits);
    const one = podWith({ name: 'other', state: { running: {} } }, { spec: { containers: [{ name: 'other' }] } });
    const world = worldOf({ Event: [event(one.metadata.uid, 'Unhealthy', 'Readiness probe failed: x')] });
    expect(podReadiness(one, question({ world }))).toEqual({ ...waits, state: 'other running, not ready yet' });
  });
});

describe('claims that are not bound', () => {
  it.each<[string, ReturnType<typeof claim>, Parameters<typeof worldOf>[0], string, boolean]>([
    ['to come', claim({ volumeName: 'v' }), { PersistentVolume: [volume('v')] }, 'waits for volume v', false],
    [
      'whose volume is another claim’s',
      claim({ volumeName: 'v' }),
      { PersistentVolume: [volume('v', { namespace: 'other', name: 'data', uid: 'x' })] },
      'belongs to claim other/data',
      true,
    ],
    [
      'whose volume was an earlier one’s',
      claim({ volumeName: 'v' }),
      { PersistentVolume: [volume('v', { namespace: 'ns', name: 'data', uid: 'before' })] },
      'earlier claim',
      true,
    ],
    [
      'of a class that is not there',
      claim({ storageClassName: 'fast' }),
      { Event: [event('c', 'ProvisioningFailed', 'storageclass.storage.k8s.io "fast" not found')] },
      '"fast" not found',
      true,
    ],
    [
      'whose provisioner is in trouble now',
      claim({ storageClassName: 'fast' }),
      { Event: [event('c', 'ProvisioningFailed', 'rpc error: deadline exceeded')] },
      'deadline exceeded',
      false,
    ],
    ['without a default class', claim(), { Event: [event('c', 'FailedBinding')] }, 'no default storage class', true],
    ['that lost its volume', claim({ volumeName: 'v' }, 'Lost'), {}, 'is lost', true],
  ])('%s', (_, one, world, state, never) => {
    const problem = claimProblem(one, worldOf(world));
    expect(problem).toEqual({ claim: 'data', state: expect.stringContaining(state) as string, never });
  });

  it('a bound one has no problem', () => {
    expect(claimProblem(claim({}, 'Bound'), worldOf({}))).toBeUndefined();
  });
});

describe('Deployments', () => {
  const judge = (one: ReturnType<typeof deployment>, objects: Parameters<typeof worldOf>[0] = {}) =>
    deploymentReadiness(one, question({ world: worldOf({ ReplicaSet: [replicaSet()], ...objects }) }));

  it('ready: looked at, all pods of the new template and no other', () => {
    expect(judge(deployment(rolledOut), { Pod: [readyPod()] })).toEqual({ kind: 'ready', state: '1/1 ready' });
  });

  it.each<[string, ReturnType<typeof deployment>]>([
    ['not looked at since it was changed', deployment({ ...rolledOut, observedGeneration: 1 }, 2)],
    ['an old pod still runs', deployment({ ...rolledOut, replicas: 2 })],
    ['only an old pod is ready', deployment({ ...rolledOut, updatedReplicas: 0 })],
    ['not available', deployment({ ...rolledOut, availableReplicas: 0 })],
  ])('waiting: %s', (_, one) => {
    expect(judge(one, { Pod: [readyPod()] }).kind).toBe('waiting');
  });

  const refusing = (message: string) => [
    replicaSet('r', 'present', [{ type: 'ReplicaFailure', status: 'True', message }]),
  ];

  it.each([
    ['its pods still count for a quota', 'exceeded quota: x'],
    ['the server is busy', 'Timeout: request did not complete within requested timeout'],
    [
      'the namespace has not got its service account yet',
      'error looking up service account n/default: serviceaccount "default" not found',
    ],
  ])('waiting: %s', (_, message) => {
    expect(judge(deployment(), { ReplicaSet: refusing(message) }).kind).toBe('waiting');
  });

  it('a quota that nothing frees is told, not waited for until the end', () => {
    const asked = (objects: Parameters<typeof worldOf>[0], ms: number) => {
      const world = worldOf({ ReplicaSet: refusing('exceeded quota: x'), ...objects });
      return deploymentReadiness(deployment(), question({ world, unscheduledMs: () => ms }));
    };
    expect(asked({}, 9_000)).toMatchObject({ kind: 'waiting', recheckMs: 1_000 });
    expect(asked({}, 10_000)).toEqual({ kind: 'failed', state: 'its pods are refused: exceeded quota: x' });
    const ofJob = podWith({ state: { running: {} } }, { owner: { kind: 'Job', uid: 'j' }, name: 'seed-1' });
    expect(asked({ Pod: [ofJob] }, 60_000).kind).toBe('waiting');
  });

  it('the pods of an earlier template do not count, whatever their state', () => {
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

  it('nor does what the Deployment says of it, while the controller has made nothing of the present one', () => {
    // With the strategy Recreate that is so until the old pods are gone; the Deployment's revision is the old one, too.
    const failure = { type: 'ReplicaFailure', status: 'True', message: 'pods "x" is forbidden' };
    const old = podWith(waiting('ImagePullBackOff'), { owner: { kind: 'ReplicaSet', uid: 'old' } });
    const objects = { ReplicaSet: [replicaSet('old', 'earlier', [failure])], Pod: [old] };
    expect(judge(stuck, objects)).toEqual({ kind: 'waiting', state: '0/1 ready: 1 earlier pod to go' });
  });

  it('failed: its pods are refused', () => {
    const refused = judge(deployment(), { ReplicaSet: refusing('pods "x" is forbidden') });
    expect(refused).toEqual({ kind: 'failed', state: 'its pods are refused: pods "x" is forbidden' });
  });

  it('failed: no progress within its deadline', () => {
    const state = expect.stringContaining('made no progress within its deadline') as string;
    expect(judge(stuck)).toMatchObject({ kind: 'failed', state });
  });
});

describe('Jobs', () => {
  const judge = (one: ReturnType<typeof job>, pods: ReturnType<typeof pod>[] = []) =>
    jobReadiness(one, question({ world: worldOf({ Pod: pods }) }));
  const own = { owner: { kind: 'Job', uid: 'j' }, name: 'seed-1' };

  it('completed', () => {
    expect(judge(job({ conditions: [{ type: 'Complete', status: 'True' }] })).kind).toBe('ready');
  });

  it('failed, with the container that ended', () => {
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

  it('a container that ended badly is not the end of a Job that has not said so', () => {
    expect(judge(job(), [podWith({ state: { terminated: { exitCode: 7 } } }, own)]).kind).toBe('waiting');
  });

  it('whose pods are refused would wait for ever as well', () => {
    const refused = event('j', 'FailedCreate', 'Error creating: pods "x" is forbidden: violates PodSecurity');
    const world = worldOf({ Event: [refused] });
    expect(jobReadiness(job(), question({ world }))).toEqual({
      kind: 'failed',
      state: 'its pods are refused: Error creating: pods "x" is forbidden: violates PodSecurity',
    });
  });

  it('an image that cannot be pulled would keep it waiting for ever', () => {
    expect(judge(job(), [podWith(waiting('ImagePullBackOff'), own)]).kind).toBe('failed');
  });
});

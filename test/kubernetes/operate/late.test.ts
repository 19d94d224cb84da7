import { setTimeout as sleep } from 'node:timers/promises';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ClusterApi } from '../../../src/deployers/kubernetes/api/api.js';
import { applyObjects } from '../../../src/deployers/kubernetes/apply/apply.js';
import { resources } from '../../../src/deployers/kubernetes/api/resources.js';
import { Deadline } from '../../../src/deployers/readiness/wait-timeout.js';
import type { KubernetesObject } from '../../../src/deployers/kubernetes/objects/common/object.js';
import { followJob } from '../../../src/deployers/kubernetes/lifecycle/follow-job.js';
import { SharedOutput } from '../../../src/deployers/kubernetes/operate/logs/shared-output.js';
import { waitUntilReady } from '../../../src/deployers/kubernetes/ready/wait.js';
import { mapOf } from '../../../src/system/plain-map.js';
import { describeWithCluster } from '../../support/kubernetes/cluster.js';
import { type Site, site } from '../apply/support.js';

/**
 * The API server with a delay of so many seconds for watches of pods, since a busy server may be late with a single
 * kind.
 */
function lateWithPods(api: ClusterApi, seconds: number): ClusterApi {
  return {
    ...api,
    async *watch(type, query, signal) {
      if (type === resources.Pod) await sleep(seconds * 1_000, undefined, { signal }).catch(() => undefined);
      yield* api.watch(type, query, signal);
    },
  };
}

describeWithCluster('a cluster that reports pods after the workloads that created them', () => {
  let at: Site;
  beforeAll(async () => {
    at = await site();
    await applyObjects(
      at.identity,
      [at.namespace()],
      at.api,
      { order: [], awaitReady: async () => undefined },
      at.context(),
    );
  });
  afterAll(() => at.remove());

  /** Its program does not have the option that is passed to it. */
  function failing(name: string): KubernetesObject {
    const job = at.job(name);
    const { containers } = mapOf(mapOf(mapOf(job.spec).template).spec) as { containers: Record<string, unknown>[] };
    for (const container of containers) container.args = ['-no-such-option'];
    return job;
  }

  /** The output of `run-job` and its exit code for a Job whose pods are reported long after its end. */
  async function ran(object: KubernetesObject): Promise<{ code: number; shown: string }> {
    const job = await at.api.create(object, 'test');
    const output = new PassThrough();
    const api = lateWithPods(at.api, 60);
    const code = await followJob({
      api,
      job,
      main: 'main',
      schedulingTimeoutMs: 10_000,
      context: at.context(),
      output: new SharedOutput(output),
    });
    output.end();
    return { code, shown: await text(output) };
  }

  it('still lets run-job print all output of the job', async () => {
    const { code, shown } = await ran(at.job('writes'));
    expect(code).toBe(0);
    expect(shown).toMatch(/^CoreDNS-/);
  });

  it("still lets run-job return the job's exit code", async () => {
    expect((await ran(failing('fails'))).code).not.toBe(0);
  });

  it('still has the reason of a failed job, from its container', async () => {
    await at.start([failing('fails-too')]);
    const waiting = waitUntilReady({
      api: lateWithPods(at.api, 60),
      namespace: at.identity.namespace,
      awaited: [{ kind: 'Job', name: 'fails-too' }],
      deadline: new Deadline(120),
      schedulingTimeoutMs: 10_000,
      context: at.context(),
    });
    await expect(waiting).rejects.toThrow(/Job fails-too: failed: main exited with code \d+ \(pod /);
  });
});

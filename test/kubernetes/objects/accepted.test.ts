import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ClusterApi } from '../../../src/deployers/kubernetes/api/api.js';
import { differences } from '../../../src/deployers/kubernetes/apply/drift.js';
import { connectCluster } from '../../../src/deployers/kubernetes/api/connect.js';
import { buildObjects } from '../../../src/deployers/kubernetes/objects/build.js';
import { describeObject } from '../../../src/deployers/kubernetes/objects/common/object.js';
import { errorMessage, InvalidFileError } from '../../../src/system/errors.js';
import { deleteNamespaces, describeWithCluster, kubectl, shared } from '../../support/kubernetes/cluster.js';
import { testContext } from '../../support/context.js';
import { objectsInput, type StackText } from '../../support/kubernetes/kubernetes-objects.js';
import { anyStack } from '../../support/kubernetes/kubernetes-stacks.js';

describeWithCluster('objects that render prints', () => {
  const namespace = `accepted-${randomBytes(4).toString('hex')}`;
  let api: ClusterApi;

  beforeAll(async () => {
    await kubectl('create', 'namespace', namespace);
    ({ api } = await connectCluster({ kind: 'k8s-kind', cluster: shared.name }, testContext('/')));
  });

  afterAll(() => deleteNamespaces(namespace));

  /**
   * The error of the server for a stack's objects, or the difference to what it would store; undefined for a stack that
   * is refused.
   */
  async function complaints(made: StackText): Promise<string[] | undefined> {
    const app = `laconic-${randomBytes(4).toString('hex')}`;
    let input;
    try {
      input = objectsInput(made);
    } catch (error) {
      if (error instanceof InvalidFileError) return undefined;
      throw error;
    }
    const { objects, findings } = buildObjects({ ...input, deploymentId: app, namespace });
    if (findings.errors.length > 0) return undefined;
    const answers = await Promise.all(
      objects.map(async (object) => {
        try {
          const live = await api.apply(object, { fieldManager: 'laconic-so', force: true, dryRun: true });
          // A start compares its objects with the stored ones, and writes nothing without differences.
          return differences(object, live).map((path) => `${describeObject(object)}: ${path} is kept otherwise`);
        } catch (error) {
          return [errorMessage(error)];
        }
      }),
    );
    return answers.flat();
  }

  it('are accepted by the API server and stored unchanged, for any stack that deploy create accepts', async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(anyStack, async (made) => {
        const found = await complaints(made);
        fc.pre(found !== undefined);
        expect(found).toEqual([]);
        accepted += 1;
      }),
      { numRuns: 60, maxSkipsPerRun: 200, interruptAfterTimeLimit: 120_000 },
    );
    expect(accepted).toBeGreaterThan(20);
  });
});

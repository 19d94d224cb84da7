import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { InterruptedError, isExplained } from '../../../system/errors.js';
import type { TransferContainers } from '../../transfer.js';
import type { Connection } from '../api/connect.js';
import type { Identity } from '../objects/common/identity.js';
import { execInPod } from './exec-stream.js';
import { type FoundContainer, runningPodContainer } from './find.js';

/** The containers of a deployment, for transfers. A pod that does not run yet is waited for: another may replace it. */
export function deploymentContainers(
  connect: () => Promise<Connection>,
  identity: Identity,
): TransferContainers<FoundContainer> {
  return {
    find: async (service) => {
      const { api } = await connect();
      return runningPodContainer(api, identity, { service, index: 1 }).then(
        (running) => ({ running }),
        (error: unknown) => {
          if (!isExplained(error)) throw error;
          return { why: `has no running container: ${error.message}`, hopeless: false };
        },
      );
    },
    exec: async ({ pod, container }, command, input, signal) => {
      const { kubeConfig } = await connect();
      const target = { namespace: identity.namespace, pod: pod.metadata.name, container, command };
      const [stdout, stderr] = [new PassThrough(), new PassThrough()];
      const stdin = input === undefined ? {} : { stdin: Readable.from([Buffer.from(input)]) };
      const texts = Promise.all([text(stdout), text(stderr)]);
      const code = await execInPod(kubeConfig, target, { ...stdin, stdout, stderr }, signal)
        .catch((error: unknown) => {
          // The pod may be replaced at any time: the next attempt finds the new one.
          if (!isExplained(error) || error instanceof InterruptedError) throw error;
          stderr.write(error.message);
          return 1;
        })
        .finally(() => {
          for (const stream of [stdout, stderr]) stream.end();
        });
      const [output, errors] = await texts;
      return { code, stdout: output, stderr: errors };
    },
  };
}

import * as z from 'zod/mini';
import { errorMessage, LaconicError } from '../../system/errors.js';
import type { HookServices } from './contexts.js';
import { type ReadYamlFile, readDeploymentYaml, writeDeploymentYaml } from './deployment-files.js';
import { fromWire, toWire, type Wire } from './wire.js';
import { dumpYaml, editYaml, loadYaml } from './yaml-edit.js';

/** Requests that the Python side may send while a hook runs. */
const request = z.discriminatedUnion('op', [
  z.object({ op: z.literal('yaml-load'), text: z.string(), name: z.nullable(z.string()) }),
  z.object({ op: z.literal('yaml-dump'), value: z.unknown(), source: z.nullable(z.string()) }),
  z.object({ op: z.literal('yaml-read'), path: z.string() }),
  z.object({ op: z.literal('yaml-write'), token: z.int(), value: z.unknown() }),
  z.object({
    op: z.literal('run-container'),
    service: z.string(),
    command: z.string(),
    mounts: z.array(z.tuple([z.string(), z.string()])),
  }),
]);
type Request = z.output<typeof request>;

/** Answers the requests of one running hook. */
export interface RequestAnswerer {
  /**
   * Returns the response line for a request line. Never rejects: a failure is a response, which the hook sees as an
   * exception.
   */
  answer(line: string): Promise<string>;
  /** The failure behind this message, so that an error of laconic-so keeps its cause. */
  causeOf(message: string): unknown;
}

/**
 * Creates the answerer for one hook.
 * @param deploymentDir the directory that `modify_yaml` may write to; undefined for hooks without a deployment
 */
export function createAnswerer(deploymentDir: string | undefined, services: HookServices): RequestAnswerer {
  const filesRead: ReadYamlFile[] = [];
  const failures = new Map<string, unknown>();

  async function perform(asked: Request): Promise<Wire> {
    switch (asked.op) {
      case 'yaml-load':
        return toWire(loadYaml(asked.text, asked.name ?? 'YAML text'));
      case 'yaml-dump': {
        const value = fromWire(asked.value);
        return asked.source === null ? dumpYaml(value) : editYaml(asked.source, 'YAML text', value);
      }
      case 'yaml-read': {
        const file = await readDeploymentYaml(deploymentDir, asked.path);
        return { token: filesRead.push(file) - 1, value: toWire(file.value) };
      }
      case 'yaml-write': {
        const file = filesRead[asked.token];
        if (file === undefined) throw new LaconicError('the hook wrote a YAML file it never read');
        await writeDeploymentYaml(file, fromWire(asked.value));
        return null;
      }
      case 'run-container': {
        const mounts = asked.mounts.map(([hostPath, containerPath]) => ({ hostPath, containerPath }));
        return await services.runContainerCommand(asked.service, asked.command, mounts);
      }
    }
  }

  return {
    answer: async (line) => {
      try {
        return JSON.stringify({ value: await perform(request.parse(JSON.parse(line))) });
      } catch (error) {
        const message = errorMessage(error);
        failures.set(message, error);
        return JSON.stringify({ error: message });
      }
    },
    causeOf: (message) => failures.get(message),
  };
}

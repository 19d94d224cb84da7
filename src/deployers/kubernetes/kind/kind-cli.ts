import type { Context } from '../../../system/context.js';
import { CommandFailedError, LaconicError } from '../../../system/errors.js';
import { ProgramMissingError, run, type RunResult } from '../../../system/process/process.js';

/** Default node image, if the spec names none. */
export const nodeImageVariable = 'LACONIC_SO_KIND_NODE_IMAGE';

/** Runs kind, with any exit code. @throws LaconicError with what to install if it is missing */
export async function runKind(
  args: readonly string[],
  context: Pick<Context, 'env'> & { signal?: AbortSignal },
  options: { input?: string; onStderrLine?: (line: string) => void } = {},
): Promise<RunResult> {
  const { env, signal } = context;
  try {
    return await run('kind', args, { env, signal, ...options });
  } catch (error) {
    if (!(error instanceof ProgramMissingError)) throw error;
    throw new LaconicError(error.message, {
      hint: 'kind runs Kubernetes in containers, for deploy-to: k8s-kind. Install it (https://kind.sigs.k8s.io, or: go install sigs.k8s.io/kind@latest) and put it on the PATH',
      cause: error,
    });
  }
}

/** Explains a failed `kind create cluster`, with a remedy. */
export function explainCreation(cluster: string, result: RunResult): LaconicError {
  const what = `cannot create the kind cluster ${cluster}`;
  const port =
    /(?:Bind for|listen tcp\d?) \S*:(\d+)\S*:? (?:failed: port is already allocated|bind: address already in use)/.exec(
      result.stderr,
    )?.[1];
  if (port !== undefined) {
    return new LaconicError(`${what}: port ${port} of this host is taken`, {
      hint: `a kind cluster takes ports 80 and 443, and those of host-network services: stop what listens on ${port} (docker ps, ss --listening --processes), use the cluster that does with kind-cluster-name in the spec, or name other ports with kind-http-port and kind-https-port`,
      cause: new CommandFailedError(what, result),
    });
  }
  const address = /listen (?:tcp|udp)\d? \[?([0-9a-fA-F.:]+?)\]?:\d+: bind: cannot assign requested address/.exec(
    result.stderr,
  )?.[1];
  if (address !== undefined) {
    return new LaconicError(`${what}: this host has no address ${address}`, {
      hint: 'correct kind-listen-address in the spec (ip address shows those of this host), and run deploy create --update',
      cause: new CommandFailedError(what, result),
    });
  }
  const image = /failed to pull image "([^"]+)"/.exec(result.stderr)?.[1];
  if (image !== undefined) {
    return new LaconicError(`${what}: its node image ${image} cannot be pulled`, {
      hint: `bring it to this host (docker load), or name another one with kind-node-image in the spec, or ${nodeImageVariable}`,
      cause: new CommandFailedError(what, result),
    });
  }
  return new CommandFailedError(what, { ...result, stderr: lastLines(result.stderr) });
}

/** kind prints its progress and, on failure, all output of its node: the end contains the reason. */
function lastLines(text: string): string {
  const lines = text.trim().split('\n');
  const error = lines.findIndex((line) => line.startsWith('ERROR:'));
  return (error < 0 ? lines.slice(-10) : lines.slice(error, error + 10)).join('\n');
}

/**
 * Returns a line of kind's progress without its decoration: ` • Starting control-plane 🕹️ ...` → `Starting
 * control-plane`.
 */
export function progressOf(line: string): string | undefined {
  const found = /^\s*[•✓✗]\s+(.+?)\s*$/u.exec(line.replace(/\p{Extended_Pictographic}|\u{FE0F}|\.\.\./gu, ''));
  return found?.[1]?.trim();
}

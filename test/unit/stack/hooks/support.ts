import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { callHook } from '../../../../src/stack/hooks/call-hook.js';
import type {
  DeployCommandContext,
  DeploymentContext,
  HookCalls,
  HookName,
  HookOutcome,
  HookServices,
  SetupParameters,
} from '../../../../src/stack/hooks/contexts.js';
import { LaconicError } from '../../../../src/system/errors.js';
import { testContext } from '../../../support/context.js';

/** Makes a new directory that is removed after the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'laconic-hooks-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Copies a fixture folder; returns the path of its hook module. */
export function fixture(name: string, module = 'commands.py'): string {
  const directory = join(temporaryDirectory(), 'deploy');
  cpSync(fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url)), directory, { recursive: true });
  return join(directory, module);
}

/** Writes a hook module with this text. */
export function hookFile(text: string, module = 'commands.py'): string {
  const file = join(temporaryDirectory(), module);
  writeFileSync(file, text);
  return file;
}

/** The services that a command passes to a hook; `services` and `options` replace some. */
export function hookServices(
  changes: Partial<Omit<HookServices, 'context'>> &
    Partial<Pick<HookServices['context'], 'report' | 'signal' | 'cwd'>> & {
      options?: Partial<HookServices['context']['options']>;
    } = {},
): HookServices {
  const { options, report, signal, env, cwd, runContainerCommand } = changes;
  const context = testContext(cwd ?? process.cwd(), options);
  return {
    context: { ...context, ...(report && { report }), ...(signal && { signal }) },
    env: { KUBECONFIG: '/nowhere/kubeconfig', ...env },
    runContainerCommand: runContainerCommand ?? (() => Promise.reject(new Error('no container is expected to run'))),
  };
}

export const commandContext: DeployCommandContext = {
  stack: '/stacks/demo',
  clusterContext: {
    cluster: 'laconic-abc',
    composeFiles: ['/c/docker-compose-web.yml'],
    preStartCommands: ['/p/pre.sh'],
    postStartCommands: [],
    config: { cli: { key: 'app.mykey' } },
    envFile: null,
    jobComposeFiles: null,
  },
  deployer: { type: 'compose' },
};

export const setupParameters: SetupParameters = {
  chainId: null,
  nodeMoniker: 'node-1',
  keyName: null,
  initializeNetwork: false,
  joinNetwork: false,
  connectNetwork: false,
  createNetwork: false,
  gentxFileList: null,
  gentxAddressList: null,
  genesisFile: null,
  networkDir: null,
};

/** The context of a deployment in this directory. */
export function deploymentContext(deploymentDir: string): DeploymentContext {
  return {
    deploymentDir,
    id: 'laconic-0123456789abcdef',
    deploymentId: 'laconic-fedcba9876543210',
    namespace: null,
    spec: {
      stack: 'demo',
      'deploy-to': 'compose',
      config: { A: 's3cret' },
      volumes: { data: './data/data', auto: null },
    },
    stack: { name: 'demo', obj: { name: 'demo', pods: ['web'] } },
    paths: {
      stackFile: join(deploymentDir, 'stack.yml'),
      specFile: join(deploymentDir, 'spec.yml'),
      envFile: join(deploymentDir, 'config.env'),
      deploymentFile: join(deploymentDir, 'deployment.yml'),
      composeDir: join(deploymentDir, 'compose'),
    },
  };
}

/** Calls a hook of this file; the file name determines its language. */
export function call<H extends HookName>(
  file: string,
  hook: H,
  given: HookCalls[H],
  services: HookServices = hookServices(),
): Promise<HookOutcome> {
  return callHook({ file, language: file.endsWith('.py') ? 'python' : 'javascript' }, hook, given, services);
}

/** Calls a hook that must fail, and returns its error. */
export async function failureOf(hooked: Promise<unknown>): Promise<LaconicError> {
  const error = await hooked.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof LaconicError) return error;
  throw new Error(`expected a LaconicError, got ${String(error)}`);
}

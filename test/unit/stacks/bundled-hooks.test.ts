import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { callHook } from '../../../src/stack/hooks/call-hook.js';
import type { HookSource } from '../../../src/stack/hooks/contexts.js';
import { packageDirectory } from '../../../src/system/package.js';
import {
  commandContext,
  deploymentContext,
  hookServices,
  setupParameters,
  temporaryDirectory,
} from '../stack/hooks/support.js';

function hooksOf(stack: string, file = 'commands.py'): HookSource {
  const path = join(packageDirectory(), 'stacks', stack, 'deploy', file);
  return { file: path, language: file.endsWith('.py') ? 'python' : 'javascript' };
}

describe('hooks of the bundled stacks', () => {
  it('test: init adds the variable to the spec', async () => {
    const { result } = await callHook(hooksOf('test'), 'init', { context: commandContext }, hookServices());
    expect(result).toEqual({ config: { test_variable_1: 'test-value-1' } });
  });

  it('test: setup runs the image of the service with the output folder mounted at /data', async () => {
    const directory = temporaryDirectory();
    const runs: unknown[] = [];
    const services = hookServices({
      runContainerCommand: async (...args) => {
        runs.push(args);
        return '';
      },
    });
    const call = { context: commandContext, parameters: setupParameters, extraArgs: [directory] };
    await callHook(hooksOf('test'), 'setup', call, services);
    const mounts = [{ hostPath: join(directory, 'container-output-dir'), containerPath: '/data' }];
    expect(runs).toEqual([['test', 'echo output-data > /data/output-file', mounts]]);
  });

  it('test: setup without its directory reports what it needs', async () => {
    const call = { context: commandContext, parameters: setupParameters, extraArgs: [] };
    await expect(callHook(hooksOf('test'), 'setup', call, hookServices())).rejects.toThrow('takes one argument');
  });

  it('test: create writes its file without a final newline', async () => {
    const directory = temporaryDirectory();
    const call = { context: deploymentContext(directory), mode: 'create' as const, extraArgs: [null, null] };
    await callHook(hooksOf('test'), 'create', call, hookServices());
    expect(await readFile(join(directory, 'create-file'), 'utf8')).toBe('create-command-output-data');
  });

  it('test-restart: init adds nothing, and start writes the marker', async () => {
    const directory = temporaryDirectory();
    const init = await callHook(hooksOf('test-restart'), 'init', { context: commandContext }, hookServices());
    expect(init.result).toBeUndefined();
    await callHook(hooksOf('test-restart'), 'start', { context: deploymentContext(directory) }, hookServices());
    expect(await readFile(join(directory, 'marker'), 'utf8')).toBe('v1');
  });

  it('demo: init requests a generated secret', async () => {
    const source = hooksOf('demo', 'commands.mjs');
    const { result } = await callHook(source, 'init', { context: commandContext }, hookServices());
    expect(result).toEqual({ config: { DEMO_SECRET: '$generate:hex:16$' } });
  });
});

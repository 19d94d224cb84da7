import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  call,
  commandContext,
  deploymentContext,
  hookFile,
  hookServices,
  setupParameters,
  temporaryDirectory,
} from './support.js';

const documentation = readFileSync(resolve(import.meta.dirname, '../../../../docs/hooks.md'), 'utf8');

function example(language: string): string {
  const text = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(documentation)?.[1];
  if (text === undefined) throw new Error(`docs/hooks.md has no ${language} example`);
  return text;
}

describe('the complete examples of docs/hooks.md work as described', () => {
  it.each([
    ['python', 'commands.py'],
    ['javascript', 'commands.mjs'],
  ])('%s', async (language, name) => {
    const file = hookFile(example(language), name);
    const base = temporaryDirectory();
    const network = join(base, 'network');
    const dir = join(base, 'deployment');
    mkdirSync(join(dir, 'compose'), { recursive: true });
    const compose = join(dir, 'compose/docker-compose-web.yml');
    writeFileSync(compose, 'services:\n  web: {image: a} # mine\n');
    const commands: string[] = [];
    const services = hookServices({
      runContainerCommand: async (service, command, mounts) => {
        commands.push(`${service}: ${command} on ${mounts[0]?.hostPath} at ${mounts[0]?.containerPath}`);
        return '';
      },
    });
    const extraArgs = [null, null];
    const context = deploymentContext(dir);

    const { result } = await call(file, 'init', { context: commandContext });
    await call(file, 'setup', { context: commandContext, parameters: setupParameters, extraArgs: [network] }, services);
    await call(file, 'create', { context, mode: 'update', extraArgs });
    const madeByUpdate = existsSync(join(dir, 'first-made'));
    await call(file, 'create', { context, mode: 'create', extraArgs });
    await call(file, 'start', { context });

    expect(result).toEqual({ config: { GREETING: 'hello' } });
    expect(existsSync(network)).toBe(true);
    expect(commands).toEqual([`web: echo node-1 > /out/name on ${network} at /out`]);
    expect(madeByUpdate).toBe(false);
    expect(readFileSync(join(dir, 'first-made'), 'utf8')).toBe(context.deploymentId);
    expect(readFileSync(compose, 'utf8')).toBe('services:\n  web: {image: a, labels: {stack: demo}} # mine\n');
    expect(readFileSync(join(dir, 'started'), 'utf8')).toBe(context.id);
  });
});

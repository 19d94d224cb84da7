import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run, runOrFail } from '../../src/system/process/process.js';

/** The part of `docker compose config --format json` that these tests use. */
export interface ComposeModel {
  services: Record<
    string,
    {
      environment?: Record<string, string | null>;
      ports?: { target: number; published?: string; host_ip?: string; protocol: string; mode: string }[];
    }
  >;
  volumes?: Record<string, unknown>;
}

/** An environment with only what programs need to start, and nothing of the tests' own. */
function environment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, HOME: process.env.HOME, DOCKER_HOST: process.env.DOCKER_HOST, ...env };
}

async function configArguments(
  directory: string,
  file: string | object,
  envFile: string | undefined,
): Promise<string[]> {
  await writeFile(join(directory, 'docker-compose.yml'), typeof file === 'string' ? file : JSON.stringify(file));
  await writeFile(join(directory, 'values.env'), envFile ?? '');
  return ['compose', '--project-name', 'values', '--env-file', 'values.env', 'config'];
}

/** The project that Compose reads from a compose file. */
export async function composeConfig(
  directory: string,
  file: string | object,
  options: { env?: NodeJS.ProcessEnv; envFile?: string },
): Promise<ComposeModel> {
  const args = [...(await configArguments(directory, file, options.envFile)), '--format', 'json'];
  const { stdout } = await runOrFail('compose config', 'docker', args, {
    cwd: directory,
    env: environment(options.env ?? {}),
  });
  return JSON.parse(stdout) as ComposeModel;
}

/** Whether Compose rejects a compose file. */
export async function composeRefuses(directory: string, file: object, env: NodeJS.ProcessEnv): Promise<boolean> {
  const args = [...(await configArguments(directory, file, undefined)), '--quiet'];
  return (await run('docker', args, { cwd: directory, env: environment(env) })).code !== 0;
}

/** A value of `compose config`, which doubles every `$`, as the container receives it. */
export function literal(value: string | null | undefined): string | null | undefined {
  return value?.replaceAll('$$', () => '$');
}

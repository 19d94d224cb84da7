import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseSpec } from '../../../src/spec/parse.js';
import { portProblem } from '../../../src/compose/syntax/ports.js';
import { run } from '../../../src/system/process/process.js';
import { describeWithEngine } from '../../support/engine.js';

const accepted = [
  '80',
  '8080:80',
  ':80',
  '0:80',
  '127.0.0.1:8080:80',
  '127.0.0.1::80',
  '[::1]:80:80',
  '[::1]::80/udp',
  '3000-3005',
  '9090-9091:8080-8081',
  '9090-9095:80',
  '90/udp',
  '90/UDP',
  '90/sctp',
  '080',
  '1-2:3-4/udp',
];
const refused = [
  '0',
  '65536',
  '80:65536',
  'a:80',
  '80-70',
  '8000-8001:80-82',
  '127.0.0.1:80',
  '80:',
  ' 80',
  'localhost:80:80',
  '10.0.0.300::80',
  '::1:80:80',
  '[::1]:80',
  '[fe80::1%eth0]::80',
  '90/foo',
];

describeWithEngine('the parser of a spec accepts exactly what Docker Compose accepts', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'spec-accepted-'));
  });
  afterAll(async () => {
    await rm(directory, { recursive: true });
  });

  async function composeTakes(ports: readonly string[], env = ''): Promise<boolean> {
    const file = join(directory, 'docker-compose.yml');
    const envFile = join(directory, 'config.env');
    await writeFile(file, JSON.stringify({ services: { a: { image: 'none', ports } } }));
    await writeFile(envFile, env);
    const args = ['compose', '--file', file, '--env-file', envFile, 'config', '--quiet'];
    return (await run('docker', args)).code === 0;
  }

  it('as ports', async () => {
    expect(accepted.map(portProblem).filter((problem) => problem !== undefined)).toEqual([]);
    expect(await composeTakes(accepted)).toBe(true);
    for (const port of refused) {
      expect([port, portProblem(port) !== undefined, await composeTakes([port])]).toEqual([port, true, false]);
    }
  });

  it('as names in config', async () => {
    const names = ['A', '_a', 'A.B', 'C-D', '1X'];
    const { spec } = parseSpec(
      `stack: x\ndeploy-to: compose\nconfig:\n${names.map((n) => `  ${n}: v\n`).join('')}`,
      'f',
    );
    expect([...spec.config.keys()]).toEqual(names);
    expect(await composeTakes([], names.map((name) => `${name}=v\n`).join(''))).toBe(true);
    for (const name of ['a b', 'a/b', "a'b"]) {
      const text = `stack: x\ndeploy-to: compose\nconfig: {${JSON.stringify(name)}: v}`;
      expect(() => parseSpec(text, 'f')).toThrow('is not the name of a variable');
      expect([name, await composeTakes([], `${name}=v\n`)]).toEqual([name, false]);
    }
  });
});

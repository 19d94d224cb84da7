import fc from 'fast-check';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { parseIndex, parsePortNumber, parseProtocol, parseTail } from '../../../../../src/commands/shared/arguments.js';
import { runtimeArguments } from '../../../../../src/deployers/compose/operate/exec.js';
import { shellOrDirect } from '../../../../../src/deployers/exec-command.js';
import { externalOverride } from '../../../../../src/deployers/compose/operate/job.js';
import { listedContainer } from '../../../../../src/deployers/compose/resources/list.js';
import { LineStartCleaner } from '../../../../../src/deployers/compose/operate/logs.js';
import { publishedAddress } from '../../../../../src/deployers/compose/operate/port.js';
import { UsageError } from '../../../../../src/system/errors.js';

describe('arguments of the operations', () => {
  it('accept a number of lines or "all" for --tail', () => {
    expect(['all', '0', '25'].map(parseTail)).toEqual([undefined, 0, 25]);
    for (const bad of ['', '-1', '1.5', 'ten', '1e3', ' 5', 'ALL']) expect(() => parseTail(bad)).toThrow(UsageError);
  });

  it('accept only the ports, protocols and indexes that Docker accepts', () => {
    expect(['1', '80', '65535'].map(parsePortNumber)).toEqual([1, 80, 65535]);
    for (const bad of ['0', '65536', '-1', '', '80/udp', '0x50', 'http'])
      expect(() => parsePortNumber(bad)).toThrow(UsageError);
    expect(parseProtocol('udp')).toBe('udp');
    expect(() => parseProtocol('UPD')).toThrow('--protocol: UPD is not tcp, udp or sctp');
    expect(parseIndex('12')).toBe(12);
    for (const bad of ['0', '-1', 'x', '1.0']) expect(() => parseIndex(bad)).toThrow(UsageError);
  });

  it('pass one word to a shell, and several words to exec as they are', () => {
    expect(shellOrDirect(['ls -la /'])).toEqual(['sh', '-c', 'ls -la /']);
    expect(shellOrDirect(['echo', 'hi'])).toEqual(['echo', 'hi']);
  });

  it('pass the uid and the debug flag on to commands in containers', () => {
    const env = { CERC_HOST_UID: '1000', CERC_SCRIPT_DEBUG: 'true', HOME: '/h' };
    expect(runtimeArguments({ env })).toEqual(['--env', 'CERC_HOST_UID=1000', '--env', 'CERC_SCRIPT_DEBUG=true']);
  });
});

describe('a published address', () => {
  const query = { service: 'web', port: 80, protocol: 'tcp', index: 1 } as const;
  it('prefers IPv4', () => {
    const six = { HostIp: '::', HostPort: '32768' };
    const four = { HostIp: '0.0.0.0', HostPort: '32769' };
    expect(publishedAddress({ '80/tcp': [six, four] }, query)).toEqual({ ip: '0.0.0.0', port: 32769 });
    expect(publishedAddress({ '80/tcp': [six] }, query)).toEqual({ ip: '::', port: 32768 });
  });
  it('lists what is published instead when the port is not', () => {
    const table = { '80/udp': [{ HostIp: '0.0.0.0', HostPort: '1' }], '80/tcp': null, '81/tcp': [] };
    expect(() => publishedAddress(table, query)).toThrow('port 80/tcp of service "web" is not published');
    expect(() => publishedAddress(table, query)).toThrow(expect.objectContaining({ hint: 'published: 80/udp' }));
  });
});

describe('a container read from docker inspect', () => {
  const details = {
    Id: 'abc',
    RestartCount: 2,
    State: { Status: 'created', ExitCode: 0, StartedAt: '0001-01-01T00:00:00Z' },
    HostConfig: { RestartPolicy: { Name: 'no' } },
    NetworkSettings: { Ports: null },
  } as unknown as Parameters<typeof listedContainer>[1];
  it('leaves out fields that do not apply', () => {
    const container = { name: 'p-web-1', service: 'web', image: 'i', oneOff: false };
    expect(listedContainer(container, details)).toEqual({
      id: 'abc',
      name: 'p-web-1',
      service: 'web',
      image: 'i',
      state: 'created',
      restarts: 2,
      ports: [],
    });
  });
});

describe('the output of docker compose logs', () => {
  async function cleaned(chunks: readonly Buffer[]): Promise<string> {
    const cleaner = new LineStartCleaner();
    const out: Buffer[] = [];
    cleaner.on('data', (data: Buffer) => out.push(data));
    for (const chunk of chunks) cleaner.write(chunk);
    await new Promise<void>((resolve) => cleaner.end(resolve));
    return Buffer.concat(out).toString();
  }

  it('loses the clear-line escape at the start of lines only, wherever the chunks are cut', async () => {
    const piece = fc.constantFrom(
      '\u001b[2K',
      '\u001b[2',
      '\u001b[',
      '\u001b',
      '\n',
      'web-1  | ',
      'ü',
      '\u001b[2Kx',
      '',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece), fc.array(fc.nat(60)), async (pieces, cuts) => {
        const text = Buffer.from(pieces.join(''));
        const places = [0, ...cuts.map((cut) => Math.min(cut, text.length)), text.length].sort((a, b) => a - b);
        const chunks = places.slice(1).map((end, index) => text.subarray(places[index], end));
        expect(await cleaned(chunks)).toBe(text.toString().replace(/^(\u001b\[2K)+/gm, ''));
      }),
    );
  });
});

describe('networks and volumes that a job shares', () => {
  it('become external and replace the definitions in the job file', () => {
    const text = externalOverride([
      { kind: 'volumes', key: 'data', name: 'p_data' },
      { kind: 'networks', key: 'default', name: 'p_default' },
    ]);
    expect(text).toContain('"data": !override\n');
    expect(parse(text, { logLevel: 'silent' })).toEqual({
      networks: { default: { external: true, name: 'p_default' } },
      volumes: { data: { external: true, name: 'p_data' } },
    });
    expect(externalOverride([])).toBe('');
  });
});

import { afterAll, beforeAll, expect, it } from 'vitest';
import { listContainers } from '../../../src/deployers/compose/resources/list.js';
import { publishedPort } from '../../../src/deployers/compose/operate/port.js';
import { isDegraded } from '../../../src/deployers/compose/operate/status.js';
import { psText } from '../../../src/output/ps.js';
import { statusText } from '../../../src/output/status.js';
import { formatAddress } from '../../../src/system/address.js';
import { describeWithEngine } from '../../support/engine.js';
import { testContext } from '../../support/context.js';
import { eventually } from '../../support/eventually.js';
import { Project } from '../../support/project.js';

const compose = `
services:
  web:
    image: IMAGE
    command: httpd -f -p 80
    init: true
    ports: ['80', '90/udp', '127.0.0.1::443', '[::1]::81']
    expose: ['7000']
  two:
    image: IMAGE
    command: sleep 1000
    init: true
    deploy: { replicas: 2 }
  once:
    image: IMAGE
    command: 'true'
  dead:
    image: IMAGE
    command: sh -c 'exit 3'
  sick:
    image: IMAGE
    command: sleep 1000
    init: true
    healthcheck: { test: [CMD, 'false'], interval: 1s, retries: 1 }
  looping:
    image: IMAGE
    command: sh -c 'exit 5'
    restart: always
`;

describeWithEngine('ps, status and port', () => {
  let ground: Project;
  const port = async (service: string, number: number, protocol: 'tcp' | 'udp' = 'tcp', index = 1): Promise<string> =>
    formatAddress(
      await publishedPort(ground.project, { service, port: number, protocol, index }, ground.engine, testContext()),
    );

  beforeAll(async () => {
    ground = await Project.make(compose);
    await ground.compose('up', '--detach');
  });
  afterAll(() => ground.remove());

  it('list every container with its state, health, exit code and ports', async () => {
    const listed = await eventually('sick is unhealthy, looping has restarted, the others have ended', async () => {
      const found = await listContainers(ground.project.name, ground.engine);
      const of = (wanted: string) => found.find(({ service }) => service === wanted);
      const restarted = of('looping')?.state === 'restarting' && (of('looping')?.restarts ?? 0) > 1;
      const ended = [of('dead'), of('once')].every((one) => one?.state === 'exited');
      return of('sick')?.health === 'unhealthy' && restarted && ended ? found : undefined;
    });
    const name = (service: string, n = 1): string => `${ground.project.name}-${service}-${n}`;
    const web = listed.find(({ service }) => service === 'web');

    expect(listed.map(({ name }) => name)).toEqual(
      ['dead', 'looping', 'once', 'sick', 'two-1', 'two-2', 'web'].map((service) =>
        service.startsWith('two') ? `${ground.project.name}-${service}` : name(service),
      ),
    );
    expect(web?.id).toMatch(/^[0-9a-f]{64}$/);
    expect(web?.ports.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`)).toEqual([
      '443/tcp',
      '7000/tcp',
      '80/tcp',
      '81/tcp',
      '90/udp',
    ]);
    expect(web?.ports.find(({ containerPort }) => containerPort === 7000)?.host).toBeUndefined();
    expect(listed.find(({ service }) => service === 'dead')).toMatchObject({ state: 'exited', exitCode: 3 });
    expect(listed.find(({ service }) => service === 'looping')).toMatchObject({ exitCode: 5, keptRunning: true });

    const status = statusText({ degraded: true, missing: [], behind: [], warnings: [], containers: listed });
    expect(status).toContain(`${name('web')}\trunning\n`);
    expect(status).toContain(`${name('sick')}\trunning\tunhealthy\n`);
    expect(status).toContain(`${name('dead')}\texited\texit code 3\n`);
    expect(status).toMatch(new RegExp(`${name('looping')}\trestarting\texit code 5\t\\d+ restarts\n`));
    expect(psText({ containers: listed })).toMatch(
      new RegExp(
        `^Running containers:\n(.*\n)*id: ${web?.id}, name: ${name('web')}, ports: 127\\.0\\.0\\.1:\\d+->443/tcp, `,
      ),
    );
    expect(listed.some(isDegraded)).toBe(true);
    expect(listed.filter(({ service }) => ['web', 'two'].includes(service)).some(isDegraded)).toBe(false);
  });

  it('print the address that the engine assigned to a port, and it accepts connections', async () => {
    const address = await port('web', 80);
    expect(address).toMatch(/^0\.0\.0\.0:[1-9]\d*$/);
    const answer = async () => (await fetch(`http://127.0.0.1:${address.split(':')[1]}/`)).status;
    await expect.poll(answer, { timeout: 60_000 }).toBe(404);
    expect(await port('web', 90, 'udp')).toMatch(/^0\.0\.0\.0:[1-9]\d*$/);
    expect(await port('web', 443)).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
    expect(await port('web', 81)).toMatch(/^\[::1\]:[1-9]\d*$/);
  });

  it('explain why there is no such address', async () => {
    await expect(port('web', 7000)).rejects.toThrow('port 7000/tcp of service "web" is not published');
    await expect(port('web', 90)).rejects.toMatchObject({ hint: expect.stringContaining('90/udp') as string });
    await expect(port('web', 80, 'tcp', 2)).rejects.toThrow('service "web" has no container 2, only 1');
    await expect(port('two', 80, 'tcp', 2)).rejects.toMatchObject({ hint: 'it publishes no ports' });
    await expect(port('dead', 80)).rejects.toThrow(/service "dead" is not running: .* exited with code 3/);
    await expect(port('wbe', 80)).rejects.toThrow('no such service: wbe, did you mean "web"?');
  });
});

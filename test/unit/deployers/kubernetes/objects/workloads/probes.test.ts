import { describe, expect, it } from 'vitest';
import { healthPatience } from '../../../../../../src/deployers/kubernetes/objects/workloads/health-patience.js';
import { app, containerOf, findingsOf, objectsInput } from '../../../../../support/kubernetes/kubernetes-objects.js';

const proxy =
  'network: { http-proxy: [ { host-name: a.example.org, routes: [ { path: /x, proxy-to: "web:8080" }, { path: /, proxy-to: "web:80" } ] } ] }\n';

describe('a healthcheck becomes a readiness probe, which never restarts the container', () => {
  it.each([
    [
      '{ test: [ CMD, pg_isready, -U, me ] }',
      { exec: { command: ['pg_isready', '-U', 'me'] }, periodSeconds: 30, timeoutSeconds: 30, failureThreshold: 3 },
    ],
    [
      '{ test: "curl -f x || exit 1", interval: 1500ms, timeout: 100ms, retries: 7 }',
      {
        exec: { command: ['/bin/sh', '-c', 'curl -f x || exit 1'] },
        periodSeconds: 2,
        timeoutSeconds: 1,
        failureThreshold: 7,
      },
    ],
    [
      '{ test: [ CMD-SHELL, "a && b" ], interval: 1m30s, retries: 0, start_period: 40s }',
      { exec: { command: ['/bin/sh', '-c', 'a && b'] }, periodSeconds: 90, timeoutSeconds: 30, failureThreshold: 3 },
    ],
  ])('%s', (healthcheck, probe) => {
    const container = containerOf(`healthcheck: ${healthcheck}`);
    expect(container.readinessProbe).toEqual(probe);
    expect(container).not.toHaveProperty('livenessProbe');
    expect(container).not.toHaveProperty('startupProbe');
  });

  it.each(['{ disable: true }', '{ test: [ NONE ] }', '{ test: NONE, disable: true }', '{ interval: 5s }'])(
    'is ignored when it is disabled: %s',
    (healthcheck) => {
      expect(containerOf(`healthcheck: ${healthcheck}`)).not.toHaveProperty('readinessProbe');
    },
  );

  it('a container behind a route without a healthcheck is ready when the port of its first route answers', () => {
    const probe = { tcpSocket: { port: 8080 }, initialDelaySeconds: 5, periodSeconds: 10, failureThreshold: 3 };
    expect(containerOf('', { spec: proxy }).readinessProbe).toEqual(probe);
    expect(containerOf('healthcheck: { test: [ CMD, ok ] }', { spec: proxy }).readinessProbe).toMatchObject({
      exec: { command: ['ok'] },
    });
  });
});

describe('liveness and startup probes from labels', () => {
  it('do not count failures of liveness in the start period', () => {
    const container = containerOf(
      'labels: { laconic.liveness-probe: true }\nhealthcheck: { test: [ CMD, ok ], interval: 5s, start_period: 20s }',
    );
    expect(container.livenessProbe).toEqual({
      exec: { command: ['ok'] },
      periodSeconds: 5,
      timeoutSeconds: 30,
      failureThreshold: 3,
      initialDelaySeconds: 20,
    });
    expect(container.readinessProbe).not.toHaveProperty('initialDelaySeconds');
  });

  it('allow startup the start period and the retries, and check as often as the engine does during the start', () => {
    const container = containerOf(
      'labels: { laconic.startup-probe: true, laconic.liveness-probe: true }\nhealthcheck: { test: [ CMD, ok ], interval: 30s, retries: 4, start_period: 60s, start_interval: 2s }',
    );
    expect(container.startupProbe).toEqual({
      exec: { command: ['ok'] },
      periodSeconds: 2,
      timeoutSeconds: 30,
      failureThreshold: 34,
    });
    expect(container.livenessProbe).not.toHaveProperty('initialDelaySeconds');
  });

  it('are warned about when there is no healthcheck to make them from', () => {
    expect(findingsOf('labels: { laconic.liveness-probe: true }').warnings).toEqual([
      'docker-compose-web.yml:4 services.web.labels["laconic.liveness-probe"]: there is no healthcheck in the compose file to create a probe from',
    ]);
  });
});

describe('the time that a container may run unhealthy ends when Compose would report it as unhealthy', () => {
  it.each([
    ['{ test: x }', { ms: 4 * 30_000 + 30_000, hangingMs: 4 * 30_000 + 4 * 30_000 }],
    [
      '{ test: x, interval: 2s, timeout: 1s, retries: 5, start_period: 1m }',
      { ms: 60_000 + 6 * 2_000 + 1_000, hangingMs: 60_000 + 6 * 2_000 + 6 * 1_000 },
    ],
    ['{ test: x, interval: 100ms, timeout: 1ms, retries: 0 }', { ms: 4_000 + 1_000, hangingMs: 4_000 + 4_000 }],
  ])('%s', (healthcheck, patience) => {
    const pods = { web: `services: { web: { image: a, healthcheck: ${healthcheck} }, other: { image: a } }` };
    expect([...healthPatience(objectsInput({ pods }))]).toEqual([[`${app}-deployment/web`, patience]]);
  });

  it('is unlimited without a healthcheck', () => {
    const pods = { web: 'services: { web: { image: a, healthcheck: { disable: true } } }' };
    expect(healthPatience(objectsInput({ pods })).size).toBe(0);
  });
});

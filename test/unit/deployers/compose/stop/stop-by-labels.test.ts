import { describe, expect, it } from 'vitest';
import { stopOrder } from '../../../../../src/deployers/compose/stop/stop-by-labels.js';

function container(service: string, dependsOn?: string) {
  const labels: Record<string, string> = dependsOn === undefined ? {} : { 'com.docker.compose.depends_on': dependsOn };
  return { service, labels };
}

function order(...containers: ReturnType<typeof container>[]): string[][] {
  return stopOrder(containers).map((wave) => wave.map(({ service }) => service));
}

describe('the order in which containers stop', () => {
  it("puts dependencies last, by Compose's labels", () => {
    const web = container('web', 'app:service_healthy:true');
    const app = container('app', 'db:service_healthy:false,cache:service_started:false');
    expect(order(container('db', ''), app, web, container('cache'), container('alone'))).toEqual([
      ['web', 'alone'],
      ['app'],
      ['db', 'cache'],
    ]);
  });

  it('counts all containers of a service', () => {
    expect(order(container('db'), container('web', 'db:service_started:false'), container('web'))).toEqual([
      ['web', 'web'],
      ['db'],
    ]);
  });

  it('is not blocked by a missing service, a service that depends on itself, or a circle', () => {
    expect(order(container('web', 'gone:service_started:false'))).toEqual([['web']]);
    expect(order(container('web', 'web:service_started:false'))).toEqual([['web']]);
    expect(order(container('a', 'b:x:false'), container('b', 'a:x:false'), container('c', 'a:x:false'))).toEqual([
      ['c'],
      ['a', 'b'],
    ]);
  });
});

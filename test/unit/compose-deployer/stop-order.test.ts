import { describe, expect, it } from 'vitest';
import { stopOrder } from '../../../src/deployers/compose/stop-labelled.js';

function container(service: string, dependsOn?: string) {
  const labels: Record<string, string> = dependsOn === undefined ? {} : { 'com.docker.compose.depends_on': dependsOn };
  return { service, labels };
}

function order(...containers: ReturnType<typeof container>[]): string[][] {
  return stopOrder(containers).map((wave) => wave.map(({ service }) => service));
}

describe("the order in which containers stop, by Compose's labels", () => {
  it('what others depend on stops after them', () => {
    const web = container('web', 'app:service_healthy:true');
    const app = container('app', 'db:service_healthy:false,cache:service_started:false');
    expect(order(container('db', ''), app, web, container('cache'), container('alone'))).toEqual([
      ['web', 'alone'],
      ['app'],
      ['db', 'cache'],
    ]);
  });

  it('all containers of a service count', () => {
    expect(order(container('db'), container('web', 'db:service_started:false'), container('web'))).toEqual([
      ['web', 'web'],
      ['db'],
    ]);
  });

  it('a service that is not there, itself, or a circle keep nothing from stopping', () => {
    expect(order(container('web', 'gone:service_started:false'))).toEqual([['web']]);
    expect(order(container('web', 'web:service_started:false'))).toEqual([['web']]);
    expect(order(container('a', 'b:x:false'), container('b', 'a:x:false'), container('c', 'a:x:false'))).toEqual([
      ['c'],
      ['a', 'b'],
    ]);
  });
});

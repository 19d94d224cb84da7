import { describe, expect, it } from 'vitest';
import { buildObjects } from '../../../../../src/deployers/kubernetes/objects/build.js';
import { growth } from '../../../../support/cost.js';
import { objectsInput } from '../../../../support/kubernetes/kubernetes-objects.js';

function service(index: number, before: boolean): string {
  const depends = before && index > 0 ? `, depends_on: { s${index - 1}: { condition: service_healthy } }` : '';
  return `  s${index}: { image: nginx, ports: [ "${1000 + index}" ], volumes: [ "data${index}:/d", ../config/a:/a ], environment: { A: "\${A}", B: "x-\${P}", C: "http://s${index}" }, healthcheck: { test: [ CMD, ok ] }${depends} }`;
}

function file(indexes: readonly number[]): string {
  const services = indexes.map((index) => service(index, true));
  return `services:\n${services.join('\n')}\nvolumes:\n${indexes.map((index) => `  data${index}:`).join('\n')}\n`;
}

describe('the time to build objects is linear in the number of services', () => {
  it.each<[string, (indexes: number[]) => Record<string, string>]>([
    ['one pod file', (indexes) => ({ web: file(indexes) })],
    [
      'one pod file for each service',
      (indexes) => Object.fromEntries(indexes.map((index) => [`p${index}`, file([index])])),
    ],
  ])('with %s', (_, podsOf) => {
    const building = (count: number) => {
      const input = objectsInput({
        pods: podsOf(Array.from({ length: count }, (__, index) => index)),
        config: { A: '1' },
        generated: { P: 'secret-value' },
        files: { '../config/a': { x: 'y' } },
      });
      expect(buildObjects(input).findings.errors).toEqual([]);
      return () => buildObjects(input);
    };
    expect(growth(40, building)).toBeLessThan(2.2);
  });
});

import { describe, expect, it } from 'vitest';
import { buildObjects } from '../../../src/deployers/kubernetes/objects/build.js';
import { leastCost } from '../../support/cost.js';
import { objectsInput } from '../../support/kubernetes-objects.js';

const count = 500;
const indices = Array.from({ length: count }, (_, index) => index);

function service(index: number, before: boolean): string {
  const depends = before && index > 0 ? `, depends_on: { s${index - 1}: { condition: service_healthy } }` : '';
  return `  s${index}: { image: nginx, ports: [ "${1000 + index}" ], volumes: [ "data${index}:/d", ../config/a:/a ], environment: { A: "\${A}", B: "x-\${P}", C: "http://s${index}" }, healthcheck: { test: [ CMD, ok ] }${depends} }`;
}

function file(indexes: readonly number[]): string {
  const services = indexes.map((index) => service(index, true));
  return `services:\n${services.join('\n')}\nvolumes:\n${indexes.map((index) => `  data${index}:`).join('\n')}\n`;
}

describe('objects of 500 services cost less than 300 ms (issue 4)', () => {
  it.each([
    ['one pod file', { web: file(indices) }],
    ['a pod file each', Object.fromEntries(indices.map((index) => [`p${index}`, file([index])]))],
  ])('%s', (_, pods) => {
    const input = objectsInput({
      pods,
      config: { A: '1' },
      generated: { P: 'secret-value' },
      files: { '../config/a': { x: 'y' } },
    });
    expect(buildObjects(input).findings.errors).toEqual([]);
    expect(leastCost(() => buildObjects(input), 300)).toBeLessThan(300);
  });
});

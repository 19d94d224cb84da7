import { describe, expect, it } from 'vitest';
import { definitionPrint } from '../../../src/compose/fingerprint.js';

describe('what Compose compares of a service', () => {
  const before = { image: 'a', deploy: { replicas: 1, labels: { a: '1' } } };
  it.each<[string, object, boolean]>([
    ['the number of its containers', { ...before, scale: 2, deploy: { ...before.deploy, replicas: 2 } }, false],
    ['how its image is built and pulled', { ...before, build: '.', pull_policy: 'always' }, false],
    ['other keys of deploy', { ...before, deploy: { replicas: 1, labels: { a: '2' } } }, true],
    ['its image', { ...before, image: 'b' }, true],
  ])('%s', (_, after, differs) => {
    const [was, is] = [before, after].map((service) => JSON.stringify(definitionPrint(service, () => undefined)));
    expect(was !== is).toBe(differs);
  });
});

import { describe, expect, it } from 'vitest';
import { buildObjects } from '../../../../../../src/deployers/kubernetes/objects/build.js';
import { deploymentTag, parseImage, registryImage } from '../../../../../../src/images/reference.js';
import { formatProblem } from '../../../../../../src/system/errors.js';
import {
  type Container,
  findingsOf,
  objectsInput,
  type StackText,
  workloads,
} from '../../../../../support/kubernetes/kubernetes-objects.js';

const digest = `sha256:${'12'.repeat(32)}`;

describe('image references', () => {
  it.each([
    ['busybox', { repository: 'busybox' }],
    ['postgres:16', { repository: 'postgres', tag: '16' }],
    ['cerc/x:local', { repository: 'cerc/x', tag: 'local' }],
    ['ghcr.io/org/team/app:v1', { registry: 'ghcr.io', repository: 'org/team/app', tag: 'v1' }],
    ['localhost/x', { registry: 'localhost', repository: 'x' }],
    ['localhost:5000/x:v2', { registry: 'localhost:5000', repository: 'x', tag: 'v2' }],
    ['[::1]:5000/x', { registry: '[::1]:5000', repository: 'x' }],
    [`a/b:v@${digest}`, { repository: 'a/b', tag: 'v', digest }],
    [`a/b@${digest}`, { repository: 'a/b', digest }],
    ['a__b/c--d.e', { repository: 'a__b/c--d.e' }],
  ])('are read from %s', (text, expected) => {
    expect(parseImage(text)).toEqual(expected);
  });

  it.each([
    '',
    ':v',
    'a:',
    'a b',
    'A',
    'a/B:v',
    'UPPER/x:1',
    'a@sha256:12',
    '/a',
    'a//b',
    'a/',
    'x:y:z',
    '${IMAGE}',
    'ghcr.io/',
    '-a',
  ])('are rejected: %j', (text) => {
    expect(parseImage(text)).toBeUndefined();
  });
});

describe('images in a registry', () => {
  const registry = 'reg.io/org';

  it.each([
    ['cerc/x:local', 'reg.io/org/x:deploy-f3fsxbh1'],
    ['x:local', 'reg.io/org/x:deploy-f3fsxbh1'],
    ['localhost:5000/x:local', 'reg.io/org/x:deploy-f3fsxbh1'],
    ['ghcr.io/o/x:local', 'reg.io/org/x:deploy-f3fsxbh1'],
    ['cerc/x:v1', 'cerc/x:v1'],
    ['localhost:5000/o/x:v2', 'localhost:5000/o/x:v2'],
    [`a/b@${digest}`, `a/b@${digest}`],
    [`a/b:local@${digest}`, `a/b:local@${digest}`],
    ['busybox', 'busybox'],
    ['ghcr.io/o/x:v1', 'ghcr.io/o/x:v1'],
  ])('%s', (image, expected) => {
    expect(registryImage(image, registry, 'laconic-f3fsxbh1')).toBe(expected);
    expect(registryImage(image, `${registry}/`, 'laconic-f3fsxbh1')).toBe(expected);
    expect(registryImage(image, undefined, 'laconic-f3fsxbh1')).toBe(image);
  });

  it('have one tag per deployment, derived from the id that pods pull by', () => {
    expect(deploymentTag('laconic-f3fsxbh1')).toBe('deploy-f3fsxbh1');
  });
});

const stack: StackText = {
  pods: {
    web: 'services:\n  web: { image: "cerc/web:local" }\n  first: { image: "cerc/web:local", labels: { laconic.init-container: "true" } }\n',
  },
  jobs: { seed: 'services: { seed: { image: "cerc/web:local" } }' },
};

function containers(text: StackText): Container[] {
  const { deployments, jobs } = workloads(text);
  return [...deployments, ...jobs].flatMap(({ spec }) => [
    ...(spec.template.spec.initContainers ?? []),
    ...spec.template.spec.containers,
  ]);
}

describe('images of containers', () => {
  it('are overridden in init containers and jobs too, after the registry was added', () => {
    const images = containers({
      ...stack,
      target: 'k8s',
      spec: 'image-registry: r.io\n',
      images: { first: 'a:1', seed: 'b:2' },
    });
    expect(images.map(({ name, image }) => [name, image])).toEqual([
      ['first', 'a:1'],
      ['web', 'r.io/web:deploy-f3abcdxy'],
      ['seed', 'b:2'],
    ]);
  });

  it.each([
    ['k8s-kind', '', ['IfNotPresent', 'IfNotPresent', 'IfNotPresent']],
    ['k8s', '', ['Always', 'Always', 'Always']],
    ['k8s', 'image-pull-policy: Never\n', ['Never', 'Never', 'Never']],
  ] as const)('are pulled on %s with %j: %j', (target, spec, expected) => {
    expect(containers({ ...stack, target, spec }).map(({ imagePullPolicy }) => imagePullPolicy)).toEqual(expected);
  });

  it.each([
    ['always', 'Always'],
    ['never', 'Never'],
    ['missing', 'IfNotPresent'],
  ])('follow the pull policy of the compose file: %s', (policy, expected) => {
    const made = containers({
      pods: { web: `services: { web: { image: a, pull_policy: ${policy} } }` },
      target: 'k8s',
    });
    expect(made[0]?.imagePullPolicy).toBe(expected);
  });

  it('are refused with their line when they are invalid', () => {
    const { findings } = buildObjects(
      objectsInput({ pods: { web: 'services:\n  web:\n    image: "Not an image"\n  built:\n    build: .\n' } }),
    );
    expect(findings.errors.map(formatProblem)).toEqual([
      'docker-compose-web.yml:3 services.web.image: "Not an image" is not an image: write [registry/]name[:tag][@digest]',
      'docker-compose-web.yml:4 services.built.image: is missing: Kubernetes runs images, it cannot build them; name the image that build-containers makes',
    ]);
    expect(findingsOf('', { images: { web: 'x:y:z' } }).errors).toEqual([
      'docker-compose-web.yml:3 services.web.image: "x:y:z" (an image override) is not an image: write [registry/]name[:tag][@digest]',
    ]);
  });
});

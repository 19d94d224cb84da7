import { describe, expect, it } from 'vitest';
import { checkAgainstStack } from '../../../src/spec/check.js';
import { parseSpec } from '../../../src/spec/parse.js';
import { formatProblem } from '../../../src/system/errors.js';

function check(
  text: string,
  facts: { services?: string[]; volumes?: string[]; mentioned?: string[]; unset?: string[] },
): [string, string | undefined][] {
  const { spec } = parseSpec(`stack: x\n${text}`, 'spec.yml');
  const found = checkAgainstStack(spec, {
    services: new Set(facts.services),
    volumes: new Set(facts.volumes),
    mentioned: new Set(facts.mentioned),
    unset: new Set(facts.unset),
  });
  return found.map(({ problem, nearMiss }) => [formatProblem(problem), nearMiss]);
}

describe('a spec against its stack', () => {
  it('reports nothing when they agree', () => {
    const spec = `
deploy-to: compose
config: {A: 1}
network: {ports: {web: ['80']}}
volumes: {data: ./data/data}
`;
    expect(check(spec, { services: ['web', 'db'], volumes: ['data'], mentioned: ['A', 'B'] })).toEqual([]);
    const clustered = 'deploy-to: k8s-kind\nconfigmaps: {conf: }\n';
    expect(check(clustered, { volumes: ['conf'] })).toEqual([]);
  });

  it('warns that configmaps have no effect on Compose', () => {
    expect(check('deploy-to: compose\nconfigmaps: {conf: }\n', { volumes: ['conf'] })).toEqual([
      ['spec.yml:3 configmaps: ConfigMaps not supported for compose: give these volumes a path in volumes', undefined],
    ]);
  });

  it('lists services that the stack does not have, wherever the spec mentions them', () => {
    const spec = `
deploy-to: compose
network:
  ports: {wbe: ['80'], other: ['81']}
  http-proxy: [{host-name: h, routes: [{path: /, proxy-to: webb:80}]}]
resources: {containers: {weeb: {limits: {cpus: 1}}}}
image-overrides: {wb: x}
maintenance-service: pagee:80
`;
    expect(check(spec, { services: ['web', 'page'] })).toEqual([
      ['spec.yml:5 network.ports.wbe: the stack has no service "wbe", did you mean "web"?', 'web'],
      ['spec.yml:5 network.ports.other: the stack has no service "other": its services are page, web', undefined],
      [
        'spec.yml:6 network.http-proxy[0].routes[0].proxy-to: the stack has no service "webb", did you mean "web"?',
        'web',
      ],
      ['spec.yml:7 resources.containers.weeb: the stack has no service "weeb", did you mean "web"?', 'web'],
      ['spec.yml:8 image-overrides.wb: the stack has no service "wb", did you mean "web"?', 'web'],
      ['spec.yml:9 maintenance-service: the stack has no service "pagee", did you mean "page"?', 'page'],
    ]);
  });

  it('lists volumes that only one of the two has', () => {
    expect(check('deploy-to: compose\nvolumes:\n  dataa: ./x\nconfigmaps: {zzz: }\n', { volumes: ['data'] })).toEqual([
      ['spec.yml:4 volumes.dataa: the stack has no volume "dataa", did you mean "data"?', 'data'],
      ['spec.yml:5 configmaps.zzz: the stack has no volume "zzz": its volumes are data', undefined],
      [
        'spec.yml:3 volumes: the volume "data" of the stack is not here: it becomes a volume of the engine, outside the deployment directory',
        undefined,
      ],
      ['spec.yml:5 configmaps: ConfigMaps not supported for compose: give these volumes a path in volumes', undefined],
    ]);
    expect(check('deploy-to: k8s-kind\n', { volumes: ['data'] })[0]?.[0]).toContain(
      "it becomes a volume of the cluster's default storage class",
    );
    expect(check('deploy-to: compose\nvolumes: {a: }\n', {})[0]?.[0]).toContain('it has no volumes');
  });

  it('only warns about config names that no service mentions, however close another name is', () => {
    const config = 'config: {TEST_PARAM_4: x, a.b: y}\n';
    expect(check(`deploy-to: compose\n${config}`, { mentioned: ['TEST_PARAM_3'] })).toEqual([
      ['spec.yml:3 config.TEST_PARAM_4: no service mentions ${TEST_PARAM_4}: no container gets it', undefined],
      [
        'spec.yml:3 config["a.b"]: compose files can only mention names of letters, digits and "_": no container gets it',
        undefined,
      ],
    ]);
    expect(check(`deploy-to: k8s-kind\n${config}`, {})[0]?.[0]).toContain('every container gets it');
  });
});

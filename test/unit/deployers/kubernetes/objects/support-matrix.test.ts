import { describe, expect, it } from 'vitest';
import { serviceKeys as composeKeys } from '../../../../../src/compose/model/service/service-keys.js';
import { buildObjects } from '../../../../../src/deployers/kubernetes/objects/build.js';
import { deployKeys, serviceSupport } from '../../../../../src/deployers/kubernetes/objects/support-matrix.js';
import { formatProblem } from '../../../../../src/system/errors.js';
import { objectsInput, oneService } from '../../../../support/kubernetes/kubernetes-objects.js';

describe('the support matrix', () => {
  it('has every key of Compose, and no other', () => {
    expect(Object.keys(serviceSupport)).toEqual([...composeKeys].sort());
  });
});

const findings = (keys: string): { errors: string[]; warnings: string[] } => {
  const { errors, warnings } = buildObjects(objectsInput({ pods: { web: oneService(keys) } })).findings;
  return { errors: errors.map(formatProblem), warnings: warnings.map(formatProblem) };
};

describe('unmapped keys are reported, each with its line', () => {
  it.each([
    ['mac_address: "02:42:ac:11:65:43"', 'mac_address', 'warning'],
    ['userns_mode: host', 'userns_mode', 'warning'],
    ['container_name: x', 'container_name', 'warning'],
    ['oom_score_adj: 5', 'oom_score_adj', 'warning'],
    ['devices: [ "/dev/fuse:/dev/fuse" ]', 'devices', 'error'],
    ['external_links: [ other ]', 'external_links', 'error'],
  ])('%s', (line, key, level) => {
    const text = serviceSupport[key]?.text ?? '';
    const expected = [`docker-compose-web.yml:4 services.web.${key}: ${text}`];
    expect(findings(line)).toEqual(
      level === 'error' ? { errors: expected, warnings: [] } : { errors: [], warnings: expected },
    );
  });

  it('are also found below deploy', () => {
    expect(findings('deploy: { placement: { constraints: [ "node.role == manager" ] } }').warnings).toEqual([
      `docker-compose-web.yml:4 services.web.deploy.placement: ${deployKeys.placement?.text ?? ''}`,
    ]);
  });

  it.each(['logging: { driver: none }', 'x-mine: 1', 'build: .', 'labels: { a: b }', 'networks: [ default ]'])(
    'do not include %s, which has no effect at run time',
    (line) => {
      expect(findings(line)).toEqual({ errors: [], warnings: [] });
    },
  );
});

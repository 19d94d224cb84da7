import { expect, it } from 'vitest';
import { droppedFields } from '../../../../../src/deployers/kubernetes/apply/dropped.js';

it('fields that were applied before and are no longer wanted are found by the keys of list elements; those of others are not', () => {
  const container = (env: object[], ports: object[]) => ({ name: 'web', image: 'a:1', env, ports });
  const object = (spec: object, managedFields: object[] = []) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'x', managedFields },
    spec: { replicas: 1, template: { spec } },
  });
  const ours = {
    'f:spec': {
      'f:replicas': {},
      'f:template': {
        'f:spec': {
          'f:containers': {
            'k:{"name":"side"}': { '.': {}, 'f:name': {} },
            'k:{"name":"web"}': {
              '.': {},
              'f:image': {},
              'f:env': { 'k:{"name":"A"}': { 'f:value': {} }, 'k:{"name":"B"}': { 'f:name': {}, 'f:value': {} } },
              'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { 'f:containerPort': {} } },
            },
          },
        },
      },
    },
  };
  const others = { 'f:spec': { 'f:paused': {} } };
  const live = object({}, [
    { manager: 'laconic-so', operation: 'Apply', fieldsV1: ours },
    { manager: 'kubectl-edit', operation: 'Update', fieldsV1: others },
  ]);
  const wanted = container([{ name: 'B', valueFrom: {} }], [{ containerPort: 80 }]);
  expect(droppedFields(object({ containers: [wanted] }), live)).toEqual([
    'spec.template.spec.containers[side]',
    'spec.template.spec.containers[web].env[A]',
    'spec.template.spec.containers[web].env[B].value',
  ]);
});

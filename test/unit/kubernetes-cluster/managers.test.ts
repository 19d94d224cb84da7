import { describe, expect, it } from 'vitest';
import {
  adoptedFields,
  createdByUs,
  foreignReplicas,
  writtenByPython,
} from '../../../src/deployers/kubernetes/cluster/managers.js';
import type { KubernetesObject } from '../../../src/deployers/kubernetes/objects/object.js';

const replicas = { 'f:spec': { 'f:replicas': {} } };

function managed(...managedFields: object[]): KubernetesObject {
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'x', managedFields } };
}

describe("taking over the Python client's fields", () => {
  const python = {
    manager: 'OpenAPI-Generator',
    operation: 'Update',
    apiVersion: 'apps/v1',
    fieldsV1: { 'f:data': { 'f:a': {} } },
  };
  const controller = {
    manager: 'kube-controller-manager',
    operation: 'Update',
    subresource: 'status',
    fieldsV1: { 'f:status': {} },
  };
  const ours = {
    manager: 'laconic-so',
    operation: 'Apply',
    apiVersion: 'apps/v1',
    fieldsV1: { 'f:data': { 'f:b': {} } },
  };

  it('makes its entries one of ours, joined with what was applied before; others stay', () => {
    const scale = { ...python, subresource: 'scale', fieldsV1: replicas };
    expect(adoptedFields(managed(python, controller, ours, scale))).toEqual([
      { ...ours, fieldsV1: { 'f:data': { 'f:a': {}, 'f:b': {} }, ...replicas } },
      controller,
    ]);
  });

  it('begins a new entry where we have none, without a subresource', () => {
    const scale = { ...python, subresource: 'scale', fieldsV1: replicas };
    expect(adoptedFields(managed(scale))).toEqual([
      { manager: 'laconic-so', operation: 'Apply', apiVersion: 'apps/v1', fieldsV1: replicas },
    ]);
  });

  it('joins what we created by a plain request with what we apply: a moved directory changes the namespace', () => {
    const created = { ...ours, operation: 'Update', fieldsV1: { 'f:metadata': { 'f:annotations': {} } } };
    expect(adoptedFields(managed(created, controller))).toEqual([{ ...created, operation: 'Apply' }, controller]);
    expect([createdByUs(managed(created)), createdByUs(managed(ours, controller))]).toEqual([true, false]);
    expect(writtenByPython(managed(created))).toBe(false);
  });

  it.each([
    ['nothing of that client', [ours, controller]],
    ['only the status', [{ ...python, subresource: 'status' }]],
    ['somebody else', [{ ...python, manager: 'kubectl-edit' }]],
    ['an apply in its name', [{ ...python, operation: 'Apply' }]],
  ])('leaves %s', (_, entries) => {
    expect(adoptedFields(managed(...entries))).toBeUndefined();
    expect(writtenByPython(managed(...entries))).toBe(false);
  });
});

describe('who set the replicas', () => {
  const apply = { manager: 'laconic-so', operation: 'Apply', fieldsV1: replicas };
  it.each([
    ['we', [apply], undefined],
    [
      'an autoscaler',
      [
        { ...apply, fieldsV1: {} },
        { manager: 'hpa', operation: 'Update', fieldsV1: replicas },
      ],
      'hpa',
    ],
    ['the Python client', [{ manager: 'OpenAPI-Generator', operation: 'Update', fieldsV1: replicas }], undefined],
    ['kubectl scale, which leaves no entry', [{ ...apply, fieldsV1: { 'f:spec': {} } }], 'kubectl scale'],
    ['nobody we know of', [], undefined],
  ])('%s', (_, entries, expected) => {
    expect(foreignReplicas(managed(...entries))).toBe(expected);
  });
});

import { describe, expect, it } from 'vitest';
import {
  adoptedFields,
  createdByUs,
  foreignReplicas,
  writtenByPython,
} from '../../../../../src/deployers/kubernetes/apply/field-managers.js';
import type { KubernetesObject } from '../../../../../src/deployers/kubernetes/objects/common/object.js';

const replicas = { 'f:spec': { 'f:replicas': {} } };

function managed(...managedFields: object[]): KubernetesObject {
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'x', managedFields } };
}

describe('taking over the fields of the Python client', () => {
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

  it('merges them with the fields that the program applied, and leaves other managers alone', () => {
    const scale = { ...python, subresource: 'scale', fieldsV1: replicas };
    expect(adoptedFields(managed(python, controller, ours, scale))).toEqual([
      { ...ours, fieldsV1: { 'f:data': { 'f:a': {}, 'f:b': {} }, ...replicas } },
      controller,
    ]);
  });

  it('begins a new entry without a subresource where the program has none', () => {
    const scale = { ...python, subresource: 'scale', fieldsV1: replicas };
    expect(adoptedFields(managed(scale))).toEqual([
      { manager: 'laconic-so', operation: 'Apply', apiVersion: 'apps/v1', fieldsV1: replicas },
    ]);
  });

  it('merges the fields of a plain create request with applied ones, as when a moved directory changes the namespace', () => {
    const created = { ...ours, operation: 'Update', fieldsV1: { 'f:metadata': { 'f:annotations': {} } } };
    expect(adoptedFields(managed(created, controller))).toEqual([{ ...created, operation: 'Apply' }, controller]);
    expect([createdByUs(managed(created)), createdByUs(managed(ours, controller))]).toEqual([true, false]);
    expect(writtenByPython(managed(created))).toBe(false);
  });

  it.each([
    ['an object without that client', [ours, controller]],
    ['only the status', [{ ...python, subresource: 'status' }]],
    ['a client that is something else', [{ ...python, manager: 'kubectl-edit' }]],
    ['an apply under its name', [{ ...python, operation: 'Apply' }]],
  ])('leaves %s alone', (_, entries) => {
    expect(adoptedFields(managed(...entries))).toBeUndefined();
    expect(writtenByPython(managed(...entries))).toBe(false);
  });
});

describe('the manager that set the replicas', () => {
  const apply = { manager: 'laconic-so', operation: 'Apply', fieldsV1: replicas };
  it.each([
    ['the program itself', [apply], undefined],
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
    ['an unknown manager', [], undefined],
  ])('%s', (_, entries, expected) => {
    expect(foreignReplicas(managed(...entries))).toBe(expected);
  });
});

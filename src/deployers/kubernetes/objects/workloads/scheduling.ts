import type { V1Affinity, V1Toleration } from '@kubernetes/client-node';
import { type KeyPath, quote } from '../../../../system/yaml/yaml.js';
import { isLabelKey, isLabelValue, labelKeyRule, labelValueRule } from '../common/label-syntax.js';
import type { Scope } from '../common/scope.js';

/** Where pods may run, for Deployments and Jobs alike. */
export interface Scheduling {
  affinity?: V1Affinity;
  tolerations?: V1Toleration[];
}

/**
 * Maps the spec's `node-affinities` and `node-tolerations`. A node must have all labels: one term with an expression
 * for each; several values of one label are alternatives.
 */
export function podScheduling(scope: Pick<Scope, 'input' | 'findings'>): Scheduling {
  const { nodeAffinities, nodeTolerations } = scope.input.spec;
  checkNames(scope);
  const values = new Map<string, string[]>();
  for (const { label, value } of nodeAffinities) values.set(label, [...(values.get(label) ?? []), value]);
  const matchExpressions = [...values].map(([key, all]) => ({ key, operator: 'In', values: all }));
  const nodeSelectorTerms = [{ matchExpressions }];
  return {
    ...(values.size === 0
      ? {}
      : { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } } }),
    ...(nodeTolerations.length === 0 ? {} : { tolerations: [...nodeTolerations] }),
  };
}

/** Reports what the API server would refuse, with its line. */
function checkNames({ input: { spec }, findings }: Pick<Scope, 'input' | 'findings'>): void {
  const refuse = (at: KeyPath, text: string, why: string): void => {
    findings.errors.push(spec.yaml.problem(at, `${quote(text)} is ${why}`));
  };
  spec.nodeAffinities.forEach(({ label, value }, index) => {
    const at = ['node-affinities', index];
    if (!isLabelKey(label)) refuse([...at, 'label'], label, `not a label of a node: ${labelKeyRule}`);
    if (!isLabelValue(value)) refuse([...at, 'value'], value, `not a value of a label: ${labelValueRule}`);
  });
  spec.nodeTolerations.forEach(({ key, value = '' }, index) => {
    const at = ['node-tolerations', index];
    if (key !== undefined && !isLabelKey(key)) refuse([...at, 'key'], key, `not a key of a taint: ${labelKeyRule}`);
    if (!isLabelValue(value)) refuse([...at, 'value'], value, `not a value of a taint: ${labelValueRule}`);
  });
}

import type { V1Affinity, V1NodeAffinity, V1PodAffinity, V1Toleration } from '@kubernetes/client-node';
import { type KeyPath, quote } from '../../../../system/yaml/yaml.js';
import { isLabelKey, isLabelValue, labelKeyRule, labelValueRule } from '../common/label-syntax.js';
import type { ObjectsInput } from '../common/input.js';
import { nodeGroupLabels } from '../common/labels.js';
import { labelValue } from '../common/names.js';
import { compact, type PodScope, type Scope } from '../common/scope.js';

/** Where pods may run, for Deployments and Jobs alike. */
export interface Scheduling {
  affinity?: V1Affinity;
  tolerations?: V1Toleration[];
}

/**
 * Maps the spec's `node-affinities` and `node-tolerations`. A node must have all labels: one term with an expression
 * for each; several values of one label are alternatives. Pods that share a volume run on the node of the first one.
 */
export function podScheduling(scope: Pick<PodScope, 'input' | 'findings' | 'podFile'>): Scheduling {
  const { nodeTolerations } = scope.input.spec;
  checkNames(scope);
  const affinity = compact<V1Affinity>({ nodeAffinity: nodeAffinity(scope.input), podAffinity: podAffinity(scope) });
  return {
    ...(Object.keys(affinity).length === 0 ? {} : { affinity }),
    ...(nodeTolerations.length === 0 ? {} : { tolerations: [...nodeTolerations] }),
  };
}

function nodeAffinity({ spec }: ObjectsInput): V1NodeAffinity | undefined {
  const values = new Map<string, string[]>();
  for (const { label, value } of spec.nodeAffinities) values.set(label, [...(values.get(label) ?? []), value]);
  if (values.size === 0) return undefined;
  const matchExpressions = [...values].map(([key, all]) => ({ key, operator: 'In', values: all }));
  return { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } };
}

function podAffinity({ input, podFile }: Pick<PodScope, 'input' | 'podFile'>): V1PodAffinity | undefined {
  const group = nodeGroupLabels(podFile);
  if (Object.keys(group).length === 0) return undefined;
  const matchLabels = { app: labelValue(input.deploymentId), ...group };
  const term = { labelSelector: { matchLabels }, topologyKey: 'kubernetes.io/hostname' };
  return { requiredDuringSchedulingIgnoredDuringExecution: [term] };
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

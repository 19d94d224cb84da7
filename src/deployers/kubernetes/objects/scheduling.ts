import type { V1Affinity, V1Toleration } from '@kubernetes/client-node';
import type { Spec } from '../../../spec/model.js';

/** Where pods may run (04 §4.4.9): Deployments and Jobs alike (K-65). */
export interface Scheduling {
  affinity?: V1Affinity;
  tolerations?: V1Toleration[];
}

/**
 * The spec's `node-affinities` and `node-tolerations`. A node must have all of the labels: one term with an expression for each (K-55);
 * several values of one label are alternatives.
 */
export function podScheduling({ nodeAffinities, nodeTolerations }: Spec): Scheduling {
  const values = new Map<string, string[]>();
  for (const { label, value } of nodeAffinities) values.set(label, [...(values.get(label) ?? []), value]);
  const matchExpressions = [...values].map(([key, all]) => ({ key, operator: 'In', values: all }));
  const nodeSelectorTerms = [{ matchExpressions }];
  return {
    ...(values.size === 0
      ? {}
      : { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } } }),
    ...(nodeTolerations.length === 0
      ? {}
      : {
          tolerations: nodeTolerations.map(({ key, value }) => ({
            key,
            operator: 'Equal',
            value,
            effect: 'NoSchedule',
          })),
        }),
  };
}

import { podAnnotations } from './annotations.js';
import { reportHostPorts } from '../network/host-ports.js';
import { componentLabels, nodeGroupLabels, podSelector } from '../common/labels.js';
import { metadata } from '../common/metadata.js';
import type { KubernetesObject } from '../common/object.js';
import { podSpec } from './pod.js';
import { replicasOf, strategyOf } from './replicas.js';
import { type PodScope, podScope, type Scope } from '../common/scope.js';
import { specLabels } from '../common/spec-metadata.js';

/**
 * Builds the Deployments: one per pod, in stack order; none for a file whose services all have inactive profiles.
 * What cannot be mapped is added to the scope's findings; if these have errors, the objects must not be applied.
 */
export function deployments(scope: Scope): KubernetesObject[] {
  reportHostPorts(scope);
  return scope.input.podFiles.flatMap((podFile) =>
    podFile.model.services.size === 0 ? [] : [deployment(podScope(scope, podFile, false))],
  );
}

function deployment(scope: PodScope): KubernetesObject {
  const { input, names, podFile } = scope;
  const meta = metadata(input, names.deployment(podFile.name), componentLabels(input, podFile.name));
  const selector = podSelector(input, podFile.name);
  const ownLabels = specLabels(scope);
  for (const label of Object.keys(selector)) {
    if (ownLabels[label] === undefined || ownLabels[label] === selector[label]) continue;
    const message = 'the pods are found by this label: it cannot be set';
    scope.findings.errors.push(input.spec.yaml.problem(['labels', label], message));
  }
  const spec = podSpec(scope);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: meta,
    spec: {
      replicas: replicasOf(scope),
      selector: { matchLabels: selector },
      strategy: strategyOf(scope),
      template: {
        metadata: {
          labels: { ...meta.labels, ...ownLabels, ...nodeGroupLabels(podFile), ...selector },
          ...podAnnotations(scope, spec),
        },
        spec,
      },
    },
  };
}

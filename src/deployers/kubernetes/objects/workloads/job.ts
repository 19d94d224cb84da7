import { recreateAnnotation } from './annotations.js';
import { jobPodLabels } from '../common/labels.js';
import { metadata } from '../common/metadata.js';
import type { KubernetesObject } from '../common/object.js';
import { podSpec } from './pod.js';
import { isLabelled, podScope, type PodScope, type Scope } from '../common/scope.js';
import { specAnnotations, specLabels } from '../common/spec-metadata.js';

/** Label of a service in a job that every start runs again. */
const recreateLabel = 'laconic.recreate-job';

/**
 * Builds the Jobs: one per job file, in stack order, with scheduling, image overrides, pull policy and annotations like
 * Deployments. A failed Job is not retried, and a finished one stays until it is run again.
 */
export function jobs(scope: Scope): KubernetesObject[] {
  return scope.input.jobs.flatMap((job) => (job.model.services.size === 0 ? [] : [jobOf(podScope(scope, job, true))]));
}

function jobOf(scope: PodScope): KubernetesObject {
  const { input, names, podFile } = scope;
  // No checksums: a Job has no rollouts, and its template is immutable.
  const annotations = specAnnotations(scope);
  const recreated = scope.services.some((service) => isLabelled(service, recreateLabel));
  const labels = { ...specLabels(scope), ...jobPodLabels(input) };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      ...metadata(input, names.job(podFile.name)),
      ...(recreated ? { annotations: { [recreateAnnotation]: 'true' } } : {}),
    },
    spec: {
      backoffLimit: 0,
      template: {
        metadata: { labels, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
        spec: podSpec(scope),
      },
    },
  };
}

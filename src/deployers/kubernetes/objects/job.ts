import { recreateAnnotation } from './annotations.js';
import { jobPodLabels } from './labels.js';
import { metadata } from './metadata.js';
import type { KubernetesObject } from './object.js';
import { podSpec } from './pod.js';
import { isLabelled, podScope, type PodScope, type Scope } from './scope.js';
import { specAnnotations, specLabels } from './spec-metadata.js';

/** Label of a service of a job that is to be run again by every start. */
const recreateLabel = 'laconic.recreate-job';

/**
 * The Jobs: one per job file, in stack order, with scheduling, image overrides, pull policy and annotations as
 * Deployments have them. One that fails is not tried again, and one that has ended stays until it is run anew.
 */
export function jobs(scope: Scope): KubernetesObject[] {
  return scope.input.jobs.flatMap((job) => (job.model.services.size === 0 ? [] : [jobOf(podScope(scope, job, true))]));
}

function jobOf(scope: PodScope): KubernetesObject {
  const { input, names, pod } = scope;
  // No checksums: nothing is rolled out, and the template of a Job cannot change.
  const annotations = specAnnotations(scope);
  const recreated = scope.services.some((service) => isLabelled(service, recreateLabel));
  const labels = { ...specLabels(scope), ...jobPodLabels(input) };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      ...metadata(input, names.job(pod.name)),
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

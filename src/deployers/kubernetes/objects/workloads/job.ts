import { podAnnotations, recreateAnnotation } from './annotations.js';
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
 * Deployments, and one per pod that runs to its end. A failed Job is not retried, and a finished one stays until it is
 * run again.
 */
export function jobs(scope: Scope): KubernetesObject[] {
  return scope.input.jobs.flatMap((job) => (job.model.services.size === 0 ? [] : [jobOf(podScope(scope, job, true))]));
}

function jobOf(scope: PodScope): KubernetesObject {
  const { input, names, podFile } = scope;
  const spec = podSpec(scope);
  // Checksums would not roll out a Job, whose template is immutable; they tell whether a one-shot pod has changed.
  const own = specAnnotations(scope);
  const annotations = podFile.oneShot
    ? podAnnotations(scope, spec)
    : Object.keys(own).length === 0
      ? {}
      : { annotations: own };
  const always = scope.services.some((service) => isLabelled(service, recreateLabel));
  const recreated = always ? 'true' : podFile.oneShot ? 'changed' : undefined;
  const labels = { ...specLabels(scope), ...jobPodLabels(input) };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      ...metadata(input, names.job(podFile.name)),
      ...(recreated === undefined ? {} : { annotations: { [recreateAnnotation]: recreated } }),
    },
    spec: {
      backoffLimit: 0,
      template: {
        metadata: { labels, ...annotations },
        spec,
      },
    },
  };
}

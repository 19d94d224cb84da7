import type { ObjectsInput, PodFileInput } from './input.js';
import { labelValue } from './names.js';

/** Labels of objects and pods that laconic-so sets in addition to those of the Python program. */
export const deploymentIdLabel = 'laconic.com/deployment-id';
const managedByLabel = 'app.kubernetes.io/managed-by';
export const stackLabel = 'app.kubernetes.io/stack';
const componentLabel = 'app.kubernetes.io/component';

const nodeGroupLabel = 'laconic.com/node-group';

type Labelled = Pick<ObjectsInput, 'deploymentId' | 'stack' | 'podFiles'>;

/** The labels of every object: those of the Python program, the managing program and the deployment-id. */
export function standardLabels({ deploymentId, stack }: Labelled): Record<string, string> {
  return {
    app: labelValue(deploymentId),
    ...(stack === '' ? {} : { [stackLabel]: labelValue(stack) }),
    [managedByLabel]: 'laconic-so',
    [deploymentIdLabel]: labelValue(deploymentId),
  };
}

/** `app.kubernetes.io/component`, which distinguishes the pods of a stack with several pod files; else none. */
export function componentLabels({ podFiles }: Labelled, podFile: string): Record<string, string> {
  return podFiles.length > 1 ? { [componentLabel]: labelValue(podFile) } : {};
}

/** The labels that select the pods of one pod file. They never change, as a Deployment's selector is immutable. */
export function podSelector(input: Labelled, podFile: string): Record<string, string> {
  return { app: labelValue(input.deploymentId), ...componentLabels(input, podFile) };
}

/** The label of pods that have to run on one node; see `nodeGroup` of {@link PodFileInput}. */
export function nodeGroupLabels({ nodeGroup }: PodFileInput): Record<string, string> {
  return nodeGroup === undefined ? {} : { [nodeGroupLabel]: labelValue(nodeGroup) };
}

/** The labels of a job's pods: `app` differs, so that no Service and no list of the deployment's pods includes them. */
export function jobPodLabels(input: Labelled): Record<string, string> {
  return { ...standardLabels(input), app: labelValue(`${input.deploymentId}-job`) };
}

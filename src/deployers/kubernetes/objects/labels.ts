import type { ObjectsInput } from './input.js';
import { labelValue } from './names.js';

/** Labels of our own objects and their pods, beside those that the Python program set. */
export const deploymentIdLabel = 'laconic.com/deployment-id';
const managedByLabel = 'app.kubernetes.io/managed-by';
export const stackLabel = 'app.kubernetes.io/stack';
const componentLabel = 'app.kubernetes.io/component';

type Labelled = Pick<ObjectsInput, 'app' | 'stack' | 'pods'>;

/** The labels that every object has: those of the Python program, and who made it for which deployment. */
export function standardLabels({ app, stack }: Labelled): Record<string, string> {
  return {
    app: labelValue(app),
    ...(stack === '' ? {} : { [stackLabel]: labelValue(stack) }),
    [managedByLabel]: 'laconic-so',
    [deploymentIdLabel]: labelValue(app),
  };
}

/** `app.kubernetes.io/component`, which tells the pods of a stack with several pod files apart; else nothing. */
export function componentLabels({ pods }: Labelled, pod: string): Record<string, string> {
  return pods.length > 1 ? { [componentLabel]: labelValue(pod) } : {};
}

/** What selects the pods of one pod file: never changes, a Deployment's selector cannot. */
export function podSelector(input: Labelled, pod: string): Record<string, string> {
  return { app: labelValue(input.app), ...componentLabels(input, pod) };
}

/** The labels of a job's pods: `app` differs, so that no Service and no list of the deployment's pods includes them. */
export function jobPodLabels(input: Labelled): Record<string, string> {
  return { ...standardLabels(input), app: labelValue(`${input.app}-job`) };
}

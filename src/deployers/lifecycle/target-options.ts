import type { Spec } from '../../spec/model.js';
import { UsageError } from '../../system/errors.js';
import type { Reporter } from '../../system/report.js';
import type { StartOptions, StopOptions } from '../deployer.js';
import { targetFacts } from './target-facts.js';

interface OneTargetOption {
  readonly only: readonly Spec['deployTo'][];
  /** Why it means nothing on another target, or what to do there. */
  readonly why: string;
  /** Scripts written for the Python program pass it to every target. */
  readonly accepted?: true;
}

const kubernetes: readonly Spec['deployTo'][] = ['k8s-kind', 'k8s'];

/** The options that do not mean something on every target. */
const oneTargetOptions = {
  '--stay-attached': { only: ['compose'], why: 'logs --follow shows the output', accepted: true },
  '--pull': { only: ['compose'], why: 'nodes pull as image-pull-policy says' },
  '--force-conflicts': { only: kubernetes, why: 'only Kubernetes knows which client has set a field' },
  '--previous': { only: kubernetes, why: 'the log of a container holds all its runs' },
  '--delete-namespace': { only: kubernetes, why: 'there are no namespaces', accepted: true },
  '--perform-cluster-management': { only: ['k8s-kind'], why: 'the deployment has no kind cluster', accepted: true },
  '--skip-cluster-management': { only: ['k8s-kind'], why: 'the deployment has no kind cluster', accepted: true },
} satisfies Record<string, OneTargetOption>;

/** Which of them were given. */
export type TargetOptions = Partial<Record<keyof typeof oneTargetOptions, boolean | undefined>>;

/**
 * Checks the options given to a command against the deployment's target. Those of the Python program are accepted with
 * a warning.
 * @throws UsageError for an option that means nothing on it
 */
export function checkTargetOptions({ deployTo }: Pick<Spec, 'deployTo'>, given: TargetOptions, report: Reporter): void {
  const { name } = targetFacts(deployTo);
  for (const [flag, option] of Object.entries<OneTargetOption>(oneTargetOptions)) {
    if (given[flag as keyof TargetOptions] !== true || option.only.includes(deployTo)) continue;
    const text = `${flag} has no effect on ${name}: ${option.why}`;
    if (option.accepted !== true) throw new UsageError(text);
    report.warn(text);
  }
}

/** Checks the options of a start; see {@link checkTargetOptions}. */
export function checkStartOptions(
  spec: Pick<Spec, 'deployTo'>,
  { services, compose = {}, kubernetes = {} }: StartOptions,
  report: Reporter,
): void {
  const { attached, pull } = compose;
  const given = { '--stay-attached': attached, '--pull': pull, '--force-conflicts': kubernetes.forceConflicts };
  checkTargetOptions(spec, given, report);
  const { name, singleServices } = targetFacts(spec.deployTo);
  if (singleServices || services.length === 0) return;
  report.warn(`on ${name} the whole deployment is started, not only ${services.join(', ')}`);
}

/**
 * Checks the options of a stop; see {@link checkTargetOptions}.
 * @param given options whose effect is in `options`
 * @throws UsageError for services on a target that stops all of them
 */
export function checkStopOptions(
  spec: Pick<Spec, 'deployTo'>,
  { services, kubernetes = {} }: StopOptions,
  given: TargetOptions,
  report: Reporter,
): void {
  checkTargetOptions(spec, { ...given, '--delete-namespace': kubernetes.deleteNamespace }, report);
  const { name, singleServices } = targetFacts(spec.deployTo);
  if (singleServices || services.length === 0) return;
  throw new UsageError(`on ${name} the whole deployment is stopped: services cannot be selected`);
}

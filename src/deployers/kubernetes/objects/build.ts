import type { Problem } from '../../../system/errors.js';
import { reportCollisions } from './collisions.js';
import { configmaps } from './storage/configmaps.js';
import { deployments } from './workloads/deployment.js';
import { externalServices } from './network/external-services.js';
import { ingresses } from './network/ingress.js';
import type { Findings, ObjectsInput } from './common/input.js';
import { jobs } from './workloads/job.js';
import { createNames } from './common/names.js';
import { namespaceObject } from './namespace.js';
import { nodePortServices } from './network/node-port-services.js';
import type { KubernetesObject } from './common/object.js';
import { createScope } from './common/scope.js';
import { secrets } from './configuration/secrets.js';
import { headlessServices, proxiedServices } from './network/proxied-and-headless-services.js';
import { reportShownSecrets } from './shown-secrets.js';
import { reportOrder, startOrder, type StartStep } from './workloads/start-order.js';
import { reportUnmapped } from './support-matrix.js';
import { volumes } from './storage/volumes.js';

export interface BuiltObjects {
  /** In the order in which they are applied: referenced objects first. Deployments and Jobs in stack order. */
  objects: KubernetesObject[];
  /** The order of Deployments and Jobs, and what each waits for. */
  order: StartStep[];
  findings: Findings;
}

/**
 * Builds all objects of a deployment. Pure. If the findings have errors, the objects must not be applied: something
 * would run differently than on Compose, or the API server would refuse it.
 */
export function buildObjects(input: ObjectsInput): BuiltObjects {
  const findings: Findings = { errors: [], warnings: [] };
  const names = createNames(input);
  const scope = createScope(input, names, findings);
  for (const podFile of [...input.podFiles, ...input.jobs]) reportUnmapped(podFile, findings);
  reportOrder(scope);
  reportLaterKeys(input, findings);
  const objects = [
    namespaceObject(input),
    ...secrets(scope),
    ...configmaps(scope),
    ...volumes(scope),
    ...headlessServices(scope),
    ...externalServices(scope),
    ...proxiedServices(scope),
    ...nodePortServices(scope),
    ...deployments(scope),
    ...jobs(scope),
    ...ingresses(scope),
  ];
  reportCollisions(scope, objects);
  reportShownSecrets(scope, objects);
  return {
    objects,
    order: startOrder(input, names),
    findings: { errors: unique(findings.errors), warnings: unique(findings.warnings) },
  };
}

/**
 * Reports keys of the spec that this version does not support yet; an error if the deployment would run without
 * something.
 */
function reportLaterKeys({ spec }: ObjectsInput, findings: Findings): void {
  const later = 'is not supported on Kubernetes by this version yet';
  if (spec.maintenanceService !== undefined) {
    findings.warnings.push(spec.yaml.problem(['maintenance-service'], `${later}: a restart does not switch to it`));
  }
}

/** Drops duplicate findings. */
function unique(problems: readonly Problem[]): Problem[] {
  const byText = new Map(problems.map((problem) => [JSON.stringify(problem), problem]));
  return [...byText.values()];
}

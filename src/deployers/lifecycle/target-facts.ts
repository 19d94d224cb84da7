import type { DeployTarget } from '../../spec/schema.js';

/** What commands say and allow differently on the targets. What they do differently is in their deployers. */
export interface TargetFacts {
  /** The target's name in messages. */
  readonly name: string;
  /** What keeps the volumes of a deployment that have no path. */
  readonly volumeKeeper: string;
  /** Whether some of the services can be started or stopped. */
  readonly singleServices: boolean;
  /** Whether the deployer has `updateEnvs`. */
  readonly updateEnvs: boolean;
  /** Whether a restart recreates all containers, also those that did not change. */
  readonly restartsAll: boolean;
  /** Whether `restart --image` may name the services of jobs. */
  readonly imagesOfJobs: boolean;
  /** What a restart says of a new host name, which it does not verify. */
  readonly newHostName: string;
}

const compose: TargetFacts = {
  name: 'Docker Compose',
  volumeKeeper: 'the engine',
  singleServices: true,
  updateEnvs: true,
  restartsAll: false,
  imagesOfJobs: false,
  // laconic-so does not serve it there, so there is nothing to verify.
  newHostName: 'DNS is not verified on compose: point the name at whatever serves it',
};

const kubernetes: TargetFacts = {
  name: 'Kubernetes',
  volumeKeeper: 'the cluster',
  singleServices: false,
  updateEnvs: false,
  restartsAll: true,
  imagesOfJobs: true,
  newHostName: 'DNS is not verified by this version: point the name at the cluster',
};

/** Returns the facts about a target. */
export function targetFacts(deployTo: DeployTarget): TargetFacts {
  return deployTo === 'compose' ? compose : kubernetes;
}

import { stringify } from 'yaml';
import type { Spec } from '../../spec/model.js';
import { InvalidFileError, LaconicError } from '../../system/errors.js';
import { readTextIfAny } from '../../system/files/files.js';
import { parseYaml, yamlStyle } from '../../system/yaml/yaml.js';
import { renderDocument } from '../../system/yaml/render.js';
import { isProjectName } from './ids.js';
import type { DeploymentLayout } from './layout.js';

/** The content of `deployment.yml`. */
export interface DeploymentRecord {
  /** Name of the Compose project and of the kind cluster. */
  clusterId: string;
  deploymentId: string;
  /** The stack directory that the deployment was created from; absent in some old directories, relative in others. */
  stackSource?: string;
  /**
   * Which containers get a config variable on Kubernetes: those that mention it, or `all`, as in the Python program.
   * Absent in new directories, where it means `mentioned`, and in those of the Python program, where it means `all`.
   */
  environment?: 'mentioned' | 'all';
  /**
   * `secret`: on Kubernetes, values of credentials files are in a Secret. Only written by create and update: without
   * it, the pods of a directory from an older version are not changed.
   */
  credentials?: 'secret';
}

/** Returns the record that create and update write for a deployment with this spec. */
export function recordFor<Given extends Partial<DeploymentRecord>>(
  record: Given,
  { deployTo, credentialsFiles }: Pick<Spec, 'deployTo' | 'credentialsFiles'>,
): Given {
  return deployTo === 'compose' || credentialsFiles.length === 0 ? record : { ...record, credentials: 'secret' };
}

/** Renders a new `deployment.yml`; each id is on a line of its own, as scripts expect. */
export function renderRecord(record: DeploymentRecord): string {
  return stringify(
    {
      'cluster-id': record.clusterId,
      'deployment-id': record.deploymentId,
      'stack-source': record.stackSource,
      credentials: record.credentials,
    },
    yamlStyle,
  );
}

/** Edits values of an existing `deployment.yml`; everything else stays as it is. */
export function editRecord(text: string, file: string, changes: Partial<DeploymentRecord>): string {
  const { document } = parseYaml(text, file);
  if (changes.deploymentId !== undefined) document.set('deployment-id', changes.deploymentId);
  if (changes.clusterId !== undefined) document.set('cluster-id', changes.clusterId);
  if (changes.stackSource !== undefined) document.set('stack-source', changes.stackSource);
  if (changes.credentials !== undefined) document.set('credentials', changes.credentials);
  return renderDocument(document);
}

/**
 * Reads `deployment.yml`. A missing deployment-id equals the cluster-id, as in the Python program.
 * @throws LaconicError if it does not exist; InvalidFileError if its ids are not valid
 */
export async function readRecord(layout: DeploymentLayout): Promise<DeploymentRecord> {
  const file = layout.deployment;
  const text = await readTextIfAny(file);
  if (text === undefined) {
    throw new LaconicError(`${layout.root} is not a deployment directory: it has no deployment.yml`, {
      hint: 'directories older than deployment.yml cannot be used: create a new one with deploy create, and move the data there',
    });
  }
  const yaml = parseYaml(text, file);
  const value = (yaml.value ?? {}) as Record<string, unknown>;
  const clusterId = value['cluster-id'];
  const deploymentId = value['deployment-id'] ?? clusterId;
  const stackSource = value['stack-source'];
  const problems = [];
  if (typeof clusterId !== 'string' || !isProjectName(clusterId)) {
    problems.push(
      yaml.problem(
        ['cluster-id'],
        'must be a name of lower-case letters, digits, - and _ (it is the Compose project name)',
      ),
    );
  }
  if (deploymentId !== clusterId && (typeof deploymentId !== 'string' || !isProjectName(deploymentId))) {
    problems.push(yaml.problem(['deployment-id'], 'must be a name of lower-case letters, digits, - and _'));
  }
  const { environment, credentials } = value;
  if (environment !== undefined && environment !== null && environment !== 'mentioned' && environment !== 'all') {
    problems.push(yaml.problem(['environment'], 'must be mentioned or all'));
  }
  if (credentials !== undefined && credentials !== null && credentials !== 'secret') {
    problems.push(yaml.problem(['credentials'], 'must be secret'));
  }
  if (problems.length > 0) throw new InvalidFileError(problems);
  return {
    clusterId: clusterId as string,
    deploymentId: deploymentId as string,
    ...(typeof stackSource === 'string' ? { stackSource } : {}),
    ...(environment === 'mentioned' || environment === 'all' ? { environment } : {}),
    ...(credentials === 'secret' ? { credentials } : {}),
  };
}

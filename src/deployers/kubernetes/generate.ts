import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { type GeneratedFile, filesBelow } from '../../deployment/tree.js';
import type { TargetFiles, TargetGenerator, TargetInput } from '../../deployment/target.js';
import { placeVolume } from '../../deployment/volume-paths.js';
import type { DeployTarget } from '../../spec/parse.js';
import type { Context } from '../../system/context.js';
import type { Problem } from '../../system/errors.js';
import { kindOf, secretMode } from '../../system/files.js';
import { expandHome } from '../../system/path-names.js';

/** What `deploy create` adds for Kubernetes (01 §11, 04 §2.1): cluster files, configmaps, and what is bind-mounted. */
export function kubernetesGenerator(deployTo: Exclude<DeployTarget, 'compose'>, context: Context): TargetGenerator {
  return {
    existingCluster: async () => undefined,
    generate: async (input) => {
      const added: TargetFiles = { files: [], directories: [], errors: [], warnings: [] };
      if (deployTo === 'k8s') {
        await addKubeconfig(input, added);
        added.errors.push(...relativeVolumes(input));
      }
      await addConfigmaps(input, added);
      context.report.debug(`${added.files.length} files of the target ${deployTo}`);
      return added;
    },
  };
}

/** A copy of the spec's kubeconfig, which from then on is the deployment's own (04 §2.1). */
async function addKubeconfig({ spec, root, cwd }: TargetInput, added: TargetFiles): Promise<void> {
  const given = spec.kubeConfig;
  if (given === undefined) return;
  const source = resolve(cwd, expandHome(given, homedir()));
  if ((await kindOf(source)) === 'file') {
    added.files.push({ path: 'kubeconfig.yml', source: { copyOf: source }, mode: secretMode });
    return;
  }
  const problem = spec.yaml.problem(['kube-config'], `Kube config file ${given} does not exist`);
  // An update may run where the operator's own file is not: the deployment's copy goes on.
  const kept = join(root, 'kubeconfig.yml');
  if ((await kindOf(kept)) === undefined) {
    added.errors.push(problem);
    return;
  }
  added.warnings.push({ ...problem, message: `${problem.message}: the deployment keeps its copy` });
  added.files.push({ path: 'kubeconfig.yml', source: { copyOf: kept }, mode: secretMode });
}

/** On a cluster of many hosts a path below the deployment directory means nothing (01 §6.1). */
function relativeVolumes({ spec, root }: TargetInput): Problem[] {
  return [...spec.volumes].flatMap(([volume, value]) => {
    if (value === undefined || !placeVolume(value, root, homedir()).relative) return [];
    return [
      spec.yaml.problem(
        ['volumes', volume],
        `Relative path ${value} for volume ${volume} not supported for k8s: write an absolute path on the nodes, or nothing for the cluster's default storage class`,
      ),
    ];
  });
}

/** The folders of declared configmaps (01 §6.2): the stack's `config/<name>`, or the folder the spec names. */
async function addConfigmaps({ spec, assets, cwd }: TargetInput, added: TargetFiles): Promise<void> {
  for (const [name, value] of spec.configmaps) {
    const target = join('configmaps', name);
    added.directories.push(target);
    const own = value === undefined || value === '.' || value.startsWith('./');
    const source = own ? (await assets.configDirectory(name))?.path : resolve(cwd, expandHome(value, homedir()));
    if (source === undefined) continue;
    const kind = await kindOf(source);
    if (kind !== 'directory') {
      const what = kind === undefined ? 'does not exist' : 'is no directory';
      added.errors.push(spec.yaml.problem(['configmaps', name], `${value ?? source} ${what}`));
      continue;
    }
    const found = await filesBelow(source, target);
    const deeper = found.directories.filter((directory) => directory !== target);
    if (deeper.length > 0) {
      added.warnings.push(
        spec.yaml.problem(
          ['configmaps', name],
          `a ConfigMap holds files of one folder only: ${deeper.join(', ')} will not be in the containers`,
        ),
      );
    }
    added.files.push(...found.files.filter((file) => isDirectlyIn(file, target)));
  }
}

function isDirectlyIn(file: GeneratedFile, directory: string): boolean {
  return !file.path.slice(directory.length + 1).includes('/');
}

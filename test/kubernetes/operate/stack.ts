import { ClusterSandbox, type Deployed } from '../../support/kubernetes/cluster-sandbox.js';

/** The only image of these tests, which has a shell and its tools. */
export const image = 'cerc/test-container:local';

/** A service of that image that runs a shell command instead of the image's own. */
export function service(name: string, shell: string, more = ''): string {
  return `  ${name}:
    image: ${image}
    entrypoint: ["sh", "-c"]
    command: [${JSON.stringify(shell)}]
${more}`;
}

/** A server that ends at once when it is stopped. */
export function server(name: string, more = ''): string {
  return service(name, `echo ${name} is here; trap exit TERM; sleep 100000 & wait`, more);
}

export interface StackFiles {
  /** The content of each pod's compose file after `services:`. */
  pods: Record<string, string>;
  jobs?: Record<string, string>;
  /** Lines of spec.yml. */
  spec?: string;
  /** More files of the stack, by their path below its directory. */
  files?: Record<string, string>;
  /** Lines of spec.yml for the target; by default the shared kind cluster. */
  target?: string;
}

/** Creates the deployment `dep` of a stack in a sandbox of its own, without starting it. */
export async function deploy(stack: StackFiles): Promise<Deployed> {
  const { pods, jobs = {}, files = {}, spec, target } = stack;
  const top = 'src/stack-orchestrator';
  const named = (folder: string, all: Record<string, string>): [string, string][] =>
    Object.entries(all).map(([name, text]) => [`${top}/${folder}/docker-compose-${name}.yml`, `services:\n${text}`]);
  const sandbox = await ClusterSandbox.make({
    [`${top}/stacks/app/stack.yml`]: `name: app\npods: [${Object.keys(pods).join()}]\njobs: [${Object.keys(jobs).join()}]\n`,
    ...Object.fromEntries([...named('compose', pods), ...named('compose-jobs', jobs)]),
    ...Object.fromEntries(Object.entries(files).map(([path, text]) => [`${top}/stacks/app/${path}`, text])),
  });
  return sandbox.deploy(sandbox.path(top, 'stacks/app'), 'dep', spec, { target });
}

import { idleService, ProcessSandbox, type Sandbox } from '../../support/sandbox.js';

/** Equivalent hooks in the two languages: every call adds a line of JSON to `BASE/calls`. */
export const hookTexts = {
  python: {
    file: 'commands.py',
    text: `import json, os
from pathlib import Path
from stack_orchestrator.deploy.deploy_util import VolumeMapping, run_container_command

def log(hook, **facts):
    config = os.environ["KUBECONFIG"]
    facts["kubeconfig"] = [Path(config).read_text(), config != os.environ.get("OURS")]
    facts["lock"] = len(os.environ.get("LACONIC_SO_LOCK", ""))
    with open("BASE/calls", "a") as calls:
        calls.write(json.dumps({"hook": hook, **facts}) + "\\n")

def init(context):
    log("init", stack=context.stack, type=context.deployer.type)
    return {"config": {"ONE": "hook", "TWO": "hook", "THREE": "hook"}}

def setup(context, parameters, extra_args):
    output, _ = run_container_command(context, "web", "id -u; echo set up > /out/file", [VolumeMapping(extra_args[0], "/out")])
    log("setup", moniker=parameters.node_moniker, join=parameters.join_network, chain=parameters.chain_id, extra=list(extra_args), output=output)

def create(context, extra_args):
    log("create", mode=context.mode, extra=list(extra_args), directory=str(context.deployment_dir), id=context.id)

def start(context):
    log("start", directory=str(context.deployment_dir), id=context.id)

start.compose = True
`,
  },
  javascript: {
    file: 'commands.mjs',
    text: `import { appendFileSync, readFileSync } from 'node:fs';

function log(hook, facts) {
  const config = process.env.KUBECONFIG;
  const kubeconfig = [readFileSync(config, 'utf8'), config !== process.env.OURS];
  const lock = (process.env.LACONIC_SO_LOCK ?? '').length;
  appendFileSync('BASE/calls', JSON.stringify({ hook, ...facts, kubeconfig, lock }) + '\\n');
}

export function init(context) {
  log('init', { stack: context.stack, type: context.deployer.type });
  return { config: { ONE: 'hook', TWO: 'hook', THREE: 'hook' } };
}

export async function setup(context, parameters, extraArgs) {
  const mounts = [{ hostPath: extraArgs[0], containerPath: '/out' }];
  const output = await context.runContainerCommand('web', 'id -u; echo set up > /out/file', mounts);
  const { nodeMoniker: moniker, joinNetwork: join, chainId: chain } = parameters;
  log('setup', { moniker, join, chain, extra: extraArgs, output });
}

export function create({ mode, deploymentDir: directory, id }, extra) {
  log('create', { mode, extra, directory, id });
}

export function start({ deploymentDir: directory, id }) {
  log('start', { directory, id });
}
`,
  },
} as const;

/** What a hook recorded about its call. */
export interface Call {
  hook: string;
  /** The content of the file that KUBECONFIG names, and whether it differs from the operator's. */
  kubeconfig: [string, boolean];
  /** The length of LACONIC_SO_LOCK. */
  lock: number;
  [fact: string]: unknown;
}

const stackFolder = 'source/stacks/hooked';

/** A sandbox with the stack `hooked` of one idle service, whose hooks are these. */
export async function hookedSandbox(hooks: { file: string; text: string }): Promise<Sandbox> {
  const environment = ['ONE', 'TWO', 'THREE'].map((name) => `      ${name}: \${${name}:-}\n`).join('');
  const sandbox = await ProcessSandbox.make({
    [`${stackFolder}/stack.yml`]: 'name: hooked\npods:\n  - hooked\n',
    'source/compose/docker-compose-hooked.yml': `services:\n${idleService('web', `    environment:\n${environment}`)}`,
    'operator-kubeconfig': 'the operator has clusters of his own\n',
    'spec.yml': 'stack: source/stacks/hooked\ndeploy-to: compose\nconfig: {ONE: "1", TWO: "2", THREE: "3"}\n',
  });
  await setHooks(sandbox, hooks);
  return sandbox;
}

/** Replaces the hooks of the stack. */
export async function setHooks(sandbox: Sandbox, hooks: { file: string; text: string }): Promise<void> {
  await sandbox.write(`${stackFolder}/deploy/${hooks.file}`, hooks.text);
}

/** The calls since the last time. */
export async function calls(sandbox: Sandbox): Promise<Call[]> {
  if (!(await sandbox.exists('calls'))) return [];
  const text = await sandbox.read('calls');
  await sandbox.write('calls', '');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Call);
}

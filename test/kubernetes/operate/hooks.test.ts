import { readFile } from 'node:fs/promises';
import { afterEach, expect, it } from 'vitest';
import { describeWithCluster, shared } from '../../support/kubernetes/cluster.js';
import { type Deployed, onKind, onKubeconfig } from '../../support/kubernetes/cluster-sandbox.js';
import { deploy, server } from './stack.js';

/** Records its input, and creates an object next to those of the deployment, with only kubectl. */
const python = `import json, os, subprocess
from pathlib import Path

def log(hook, context):
    config = Path(os.environ["KUBECONFIG"])
    text = config.read_text()
    mode = oct(config.stat().st_mode & 0o777)
    facts = {"hook": hook, "namespace": context.namespace, "mode": mode, "config": json.loads(text or "null")}
    with open(context.deployment_dir / "calls", "a") as calls:
        calls.write(json.dumps(facts) + "\\n")

def create(context, extra_args):
    log("create", context)

def start(context):
    log("start", context)
    subprocess.run(["kubectl", "create", "configmap", "by-hook", "--from-literal=id=" + context.id], check=True)
`;

interface Call {
  hook: string;
  namespace: string;
  mode: string;
  config: { contexts: { name: string; context: { namespace: string } }[]; clusters: unknown[]; users: unknown[] };
}

describeWithCluster('hooks reach only the cluster of their deployment', () => {
  let site: Deployed | undefined;
  afterEach(async () => site?.remove());

  it.each([
    ['k8s-kind', onKind],
    ['k8s', onKubeconfig],
  ])('on %s', async (_, target) => {
    const made = await deploy({
      pods: { app: server('web') },
      files: { 'deploy/commands.py': python },
      target: target(),
    });
    site = made;
    await made.run('start');

    const lines = (await readFile(made.sandbox.path('dep/calls'), 'utf8')).trimEnd().split('\n');
    const calls = lines.map((line) => JSON.parse(line) as Call);
    expect(calls.map(({ hook, namespace, mode }) => [hook, namespace, mode])).toEqual([
      ['create', made.namespace, '0o600'],
      ['start', made.namespace, '0o600'],
    ]);
    for (const { config } of calls) {
      const context = { cluster: `kind-${shared.name}`, user: `kind-${shared.name}`, namespace: made.namespace };
      expect(config.contexts).toEqual([{ name: `kind-${shared.name}`, context }]);
      expect([config.clusters.length, config.users.length]).toEqual([1, 1]);
    }
    // A start without changes leaves it alone; this hook itself would fail when called again.
    const { code, stderr } = await made.attempt('start');
    expect([code, stderr]).toEqual([1, expect.stringContaining('the start hook failed')]);
    expect(await made.names('configmaps')).toContain('by-hook');
    await made.kubectl('delete', 'configmap', 'by-hook');
  });
});

// What docs/performance.md promises for Kubernetes, on the tests' own kind cluster (test/cluster/up.sh).
import { spawnSync } from 'node:child_process';
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compare, peakMemory, timed } from './measure.mjs';
import { writeFivePods, writeLargeStack, writeManyObjects } from './stacks.mjs';

/**
 * @param bench `{ root, cli, call, record }`: the project's folder, the program, a command that calls it, and the
 * table's rows
 * @param folder where stacks and deployments are written
 */
export async function measureKubernetes(bench, folder) {
  const cluster = clusterEnvironment(bench.root);
  await measureRender(bench, folder);
  await measureStart(bench, folder, cluster);
  await measureNoOp(bench, folder, cluster);
}

/** Makes sure of the cluster; returns the variables that lead to it. */
function clusterEnvironment(root) {
  const up = spawnSync('bash', [join(root, 'test', 'cluster', 'up.sh')], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (up.status !== 0) throw new Error('the kind cluster of the tests cannot be made');
  const shown = spawnSync('bash', ['-c', `${up.stdout}\nenv -0`], { encoding: 'utf8' });
  const variables = new Map(
    shown.stdout.split('\0').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  const names = ['KUBECONFIG', 'PATH', 'LACONIC_TEST_CLUSTER', 'LACONIC_TEST_MOUNT_ROOT', 'LACONIC_SO_KIND_NODE_IMAGE'];
  return Object.fromEntries(names.map((name) => [name, variables.get(name) ?? '']));
}

/** A deployment directory on kind of this stack, in a namespace of its own; returns its path. */
function createOnKind({ call }, folder, stack, name, env, ...lines) {
  const spec = join(folder, `${name}.yml`);
  const directory = join(folder, name);
  rmSync(spec, { force: true });
  rmSync(directory, { recursive: true, force: true });
  timed(call('--stack', stack, 'deploy', '--deploy-to', 'k8s-kind', 'init', '--output', spec));
  appendFileSync(spec, `namespace: laconic-bench-${name}\n${lines.join('')}`);
  timed({ ...call('deploy', 'create', '--spec-file', spec, '--deployment-dir', directory), env });
  return directory;
}

function onCluster(env) {
  return [`kind-cluster-name: ${env.LACONIC_TEST_CLUSTER}\n`, `kind-mount-root: ${env.LACONIC_TEST_MOUNT_ROOT}\n`];
}

async function measureRender(bench, folder) {
  const [hundred, fiveHundred] = [100, 500].map((count) => {
    const stack = writeLargeStack(folder, count);
    return createOnKind(bench, folder, stack, `render-${count}`, {});
  });
  const render = (directory) => () => timed(bench.call('deployment', '--dir', directory, 'render'));
  const config = () =>
    timed({
      program: 'docker',
      args: [
        'compose',
        '--file',
        join(hundred, 'compose', 'docker-compose-large-100.yml'),
        '--env-file',
        join(hundred, 'config.env'),
        'config',
      ],
    });
  const times = await compare(11, [
    { name: '100', run: render(hundred) },
    { name: 'compose', run: config },
    { name: '500', run: render(fiveHundred) },
  ]);
  bench.record('render of 100 services / docker compose config', times.get('100'), times.get('compose'), 2);
  bench.record('render of 500 services / of 100', times.get('500'), times.get('100'), 4);
}

async function measureStart(bench, folder, env) {
  const directory = createOnKind(bench, folder, writeFivePods(folder), 'start', env, ...onCluster(env));
  const namespace = 'laconic-bench-start';
  const manifest = join(folder, 'start-objects.yml');
  const start = { ...bench.call('deployment', '--dir', directory, 'start'), env };
  const kubectl = (...args) => ({
    program: 'kubectl',
    args: ['--context', `kind-${env.LACONIC_TEST_CLUSTER}`, ...args],
    env,
  });
  const remove = () => void timed(kubectl('delete', 'namespace', '--ignore-not-found', namespace));
  try {
    remove();
    timed(start);
    const rendered = spawnSync(process.execPath, [bench.cli, 'deployment', '--dir', directory, 'render'], {
      encoding: 'utf8',
      env: { ...process.env, ...env },
    });
    writeFileSync(manifest, rendered.stdout);
    const times = await compare(5, [
      { name: 'ours', before: remove, run: () => timed(start) },
      {
        name: 'kubectl',
        before: remove,
        run: () =>
          timed(kubectl('apply', '--server-side', '--filename', manifest)) +
          timed(
            kubectl(
              'wait',
              '--for=condition=Available',
              '--timeout=120s',
              '--namespace',
              namespace,
              'deployment',
              '--all',
            ),
          ),
      },
    ]);
    bench.record('start of 5 pods to ready / kubectl apply + wait', times.get('ours'), times.get('kubectl'), 1.1);
  } finally {
    remove();
  }
}

async function measureNoOp(bench, folder, env) {
  const directory = createOnKind(bench, folder, writeManyObjects(folder, 97), 'noop', env, ...onCluster(env));
  const namespace = 'laconic-bench-noop';
  const start = bench.call('deployment', '--dir', directory, 'start');
  const kubectl = (...args) =>
    spawnSync('kubectl', ['--context', `kind-${env.LACONIC_TEST_CLUSTER}`, ...args], {
      encoding: 'utf8',
      env: { ...process.env, ...env },
      maxBuffer: 1 << 28,
    }).stdout;
  const versions = () =>
    kubectl(
      'get',
      '--namespace',
      namespace,
      '--output',
      'jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}',
      'configmaps,deployments,services,secrets',
    );
  try {
    timed({ ...start, env });
    const before = versions();
    const times = await compare(7, [
      { name: 'start', run: () => timed({ ...start, env }) },
      { name: 'bare', run: () => timed(bench.call('version')) },
    ]);
    if (versions() !== before) throw new Error('a start with nothing to do wrote to the cluster');
    bench.record(
      'start of 100 objects, nothing to do, above bare start-up',
      times.get('start') - times.get('bare'),
      undefined,
      1,
    );
    bench.record('the same start: peak memory', peakMemory(start.args, env), undefined, 120, 'MiB');
  } finally {
    kubectl('delete', 'namespace', '--ignore-not-found', namespace);
  }
}

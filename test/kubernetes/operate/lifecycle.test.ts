import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deploymentStatusSchema } from '../../../src/deployers/status.js';
import { describeWithCluster, randomNodePort, shared } from '../../support/kubernetes/cluster.js';
import type { Deployed } from '../../support/kubernetes/cluster-sandbox.js';
import { runCli } from '../../support/program.js';
import { deploy, image, server, service } from './stack.js';

const nodePort = randomNodePort();

describeWithCluster('a deployment of two pods and a job, from its first start to its end', () => {
  let site: Deployed;

  beforeAll(async () => {
    site = await deploy({
      pods: {
        front:
          server('web', '    ports: ["8080"]\n    depends_on: [prepare]\n') +
          service('prepare', 'echo prepared', '    labels: {laconic.init-container: "true"}\n'),
        back: server('db', '    ports: ["5432"]\n    volumes: ["data:/data"]\n') + 'volumes:\n  data:\n',
      },
      jobs: { seed: service('seed', 'echo "seeding $$0 $$@"; cat /data/kept 2>/dev/null; exit 0') },
      spec: `secrets: {mail-login: [KEY]}\nvolumes:\n  data:\nnetwork:\n  ports:\n    web: ["${nodePort}:8080"]\n`,
    });
  });
  afterAll(() => site.remove());

  it('render prints what start applies, without a cluster', async () => {
    const { code, stdout } = await runCli(['deployment', '--dir', site.sandbox.path('dep'), 'render'], {
      env: { KUBECONFIG: '/nonexistent' },
    });
    expect(code).toBe(0);
    expect(stdout.match(/^kind: .*$/gm)).toEqual(
      expect.arrayContaining(['kind: Namespace', 'kind: Deployment', 'kind: Job']),
    );
  });

  it('ps and logs report before the start that nothing runs, as scripts expect', async () => {
    expect((await site.run('ps')).stdout).toBe('No containers running\n');
    expect((await site.run('logs')).stdout).toContain('Pods not running');
    expect((await site.run('status')).stdout).toBe('');
    expect((await site.attempt('status', '--exit-code')).code).toBe(1);
    expect((await site.attempt('exec', 'web', 'true')).stderr).toContain('the command was not run');
  });

  it('start returns when everything is ready, and reports what it waited for', async () => {
    const { stderr } = await site.run('start');
    expect(stderr).toMatch(/^Deployment laconic-\w+-front-deployment: 1\/1 ready$/m);
    expect(stderr).toMatch(/^Job laconic-\w+-job-seed: completed$/m);
    const { items } = await site.get('deployments');
    expect(items).toHaveLength(2);
    for (const one of items as { status: { availableReplicas?: number } }[])
      expect(one.status.availableReplicas).toBe(1);
  });

  it('a missing Secret of the spec is reported by start and status until it exists', async () => {
    const missing =
      'Secret mail-login, which the spec names under secrets, does not exist: containers run without what';
    const said = async (): Promise<boolean[]> => {
      const [{ stderr }, { stdout }] = [await site.run('start'), await site.run('status')];
      return [stderr.includes(`WARNING: ${missing}`), stdout.includes(`Warnings:\n\t${missing}`)];
    };
    expect(await said()).toEqual([true, true]);
    await site.kubectl('create', 'secret', 'generic', 'mail-login', '--from-literal', 'KEY=x');
    expect(await said()).toEqual([false, false]);
    await site.kubectl('delete', 'secret', 'mail-login');
  });

  it('options that mean nothing on Kubernetes are usage errors', async () => {
    const refused = await site.attempt('start', '--pull');
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('--pull has no effect on Kubernetes')]);
  });

  it('ps lists the pods of all pod files in the format that scripts read', async () => {
    const { stdout } = await site.run('ps');
    const [first, ...lines] = stdout.trimEnd().split('\n');
    expect(first).toBe('Running containers:');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^id: \S+-dep\/(\S+-back-\S+), name: \1, ports: [\d.]+:5432->5432$/);
  });

  it('status lists Deployments, jobs, volumes and pods, and the same as JSON', async () => {
    const { stdout } = await site.run('status', '--exit-code');
    expect(stdout).toMatch(/^Deployments:\n\tlaconic-\w+-back-deployment: 1\/1 ready$/m);
    expect(stdout).toMatch(/^Jobs:\n\tlaconic-\w+-job-seed: completed$/m);
    expect(stdout).toMatch(/^Volumes:\n\tlaconic-\w+-data: Bound, 2Gi$/m);
    expect(stdout).toMatch(/^Pods:\n\t\S+-dep\/\S+: Running \(\S+\)\t1\/1 ready$/m);
    const json: unknown = JSON.parse((await site.run('status', '--format', 'json')).stdout);
    const status = deploymentStatusSchema.parse(json);
    expect(json, 'the documented schema describes all of it').toEqual(status);
    expect(status).toMatchObject({ degraded: false, missing: [] });
    expect(status.kubernetes).toMatchObject({ namespace: site.namespace, deployments: [{}, {}], jobs: [{}] });
  });

  it('logs prints every container, including init containers and jobs, or those that are named', async () => {
    const all = (await site.run('logs')).stdout.split('\n').filter(Boolean).sort();
    expect(all).toEqual(['db: db is here', 'prepare: prepared', 'seed: seeding sh ', 'web: web is here'].sort());
    expect((await site.run('logs', 'db')).stdout).toBe('db: db is here\n');
    expect((await site.run('logs', 'seed')).stdout).toContain('seed: seeding');
    const stamped = (await site.run('logs', '--timestamps', 'db')).stdout;
    expect(stamped).toMatch(/^db: \d{4}-\d\d-\d\dT\S+Z db is here\n$/);
    expect((await site.run('logs', '--since', '2099-01-01T00:00:00Z', 'db')).stdout).toBe('');
    const unknown = await site.attempt('logs', 'bd');
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('did you mean "db"')]);
  });

  it('logs --follow continues until Ctrl-C, also with a recreated pod', async () => {
    const following = site.begin('logs', '--follow', '--tail', '1', 'db');
    await following.printed('db: db is here');
    const [before = ''] = await site.names('pods').then((names) => names.filter((name) => name.includes('-back-')));
    await site.kubectl('delete', 'pod', before, '--wait=false');
    await following.printed(/db is here\n[^]*db is here/);
    following.child.kill('SIGINT');
    expect((await following.ended).code).toBe(130);
  });

  it("exec has the command's exit code, both streams and stdin byte for byte, and runs one word as a shell command", async () => {
    const line = await site.attempt('exec', 'web', 'echo out; echo err >&2; exit 7');
    expect(line).toEqual({ code: 7, stdout: 'out\n', stderr: 'err\n' });
    const words = await site.run('exec', 'web', 'printf', '%s|', 'a b', '$HOME', "it's");
    expect(words.stdout).toBe("a b|$HOME|it's|");
    const bytes = 'é\u0000\n'.repeat(200_000);
    const piped = await runCli(
      ['deployment', '--dir', site.sandbox.path('dep'), 'exec', 'web', 'sha256sum | cut -c1-64'],
      {
        input: bytes,
      },
    );
    const { createHash } = await import('node:crypto');
    expect(piped.stdout.trim()).toBe(createHash('sha256').update(bytes).digest('hex'));
    const unknown = await site.attempt('exec', 'wbe', 'true');
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('did you mean "web"')]);
  });

  it('port prints the node port at the address of the node, and reports a port that is not published', async () => {
    const { stdout } = await site.run('port', 'web', '8080');
    expect(stdout).toMatch(new RegExp(`^\\d+\\.\\d+\\.\\d+\\.\\d+:${nodePort}\n$`));
    const { code, stderr } = await site.attempt('port', 'db', '5432');
    expect([code, stderr]).toEqual([1, expect.stringContaining('port 5432/tcp of service "db" is not published')]);
  });

  it('run-job replaces the former run, prints the output and passes on the exit code', async () => {
    const uid = async (): Promise<string> =>
      site.kubectl('get', 'jobs', '--output', 'jsonpath={.items[*].metadata.uid}');
    const before = await uid();
    const { stdout } = await site.run('run-job', 'seed');
    expect(stdout).toBe('Running job: seed\nseeding sh \n');
    expect(await uid()).not.toBe(before);
    // It ran as start would run it, so nothing differs.
    expect((await site.run('start')).stderr).not.toContain('has run with an earlier definition');
    const failed = await site.attempt('run-job', 'seed', '--', 'echo "$HOME" `echo $0`; exit 9', 'seed');
    expect([failed.code, failed.stdout]).toEqual([9, 'Running job: seed\n/root seed\n']);
    const unknown = await site.attempt('run-job', 'sed');
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('Available jobs: seed')]);
  });

  it('a start after a failed job recreates it, and another start does nothing', async () => {
    await site.run('start');
    // The times at which the program wrote each object; the status from controllers may be late.
    const written = 'jsonpath={.items[*].metadata.managedFields[?(@.manager=="laconic-so")].time}';
    const versions = (): Promise<string> =>
      site.kubectl('get', 'deployments,jobs,services,configmaps,secrets', '--show-managed-fields', '--output', written);
    const before = await versions();
    expect(before).toContain('Z');
    const { stdout } = await site.run('start');
    expect(stdout).toMatch(/^Job laconic-\w+-job-seed already exists, skipping$/m);
    expect(await versions()).toBe(before);
  });

  /** The lines of a dry run about objects. */
  const planned = async (...args: string[]): Promise<string[]> => {
    const { stdout } = await runCli(['--dry-run', 'deployment', '--dir', site.sandbox.path('dep'), ...args]);
    return stdout.split('\n').filter((line) => line.startsWith('  '));
  };

  it('status --exit-code exits with 1 when something is missing', async () => {
    const [gone = ''] = (await site.names('deployments')).filter((name) => name.includes('-front-'));
    // The pods are restored too, because later tests check them.
    await site.kubectl('delete', 'deployment', gone, '--cascade=foreground');
    const { code, stdout } = await site.attempt('status', '--exit-code', '--format', 'json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ degraded: true, missing: [`Deployment ${gone}`] });
    expect((await site.run('status')).stdout).toContain(`\nMissing:\n\tDeployment ${gone}\n`);
    const plan = await planned('start');
    expect(plan.filter((line) => !line.startsWith('  leave '))).toEqual([`  create Deployment ${gone}`]);
    expect(await site.names('deployments')).not.toContain(gone);
    await site.run('start');
    expect(await site.names('deployments')).toContain(gone);
    expect(await planned('start')).toEqual([expect.stringMatching(/^ {2}leave \d+ objects: nothing differs$/)]);
  });

  it('dry runs of stop and start print what they would do and change nothing', async () => {
    const pods = await site.names('pods');
    const dry = (...args: string[]) =>
      runCli(['--dry-run', 'deployment', '--dir', site.sandbox.path('dep'), ...args], {
        env: { KUBECONFIG: '/nonexistent', DOCKER_HOST: 'unix:///nonexistent' },
      });
    expect((await dry('stop', '--delete-volumes', '--perform-cluster-management')).stdout).toContain(
      'would delete the kind cluster',
    );
    expect((await dry('start')).stdout).toContain('would apply');
    expect(await site.names('pods')).toEqual(pods);
  });

  it('a dry run of restart includes its update, and lists the images that would be sent to the node', async () => {
    const compose = 'src/stack-orchestrator/compose/docker-compose-front.yml';
    const added = `laconic-so-test/dry-${process.pid}:local`;
    await site.sandbox.write('image/Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
    await site.sandbox.docker('build', '--quiet', '--tag', added, site.sandbox.path('image'));
    const text = await site.sandbox.read(compose);
    try {
      const more = `  more:\n    image: ${added}\n    environment: {A: "1"}\n`;
      const web = text.slice(0, text.indexOf('  prepare:')).replace('    depends_on: [prepare]\n', '');
      await site.sandbox.write(compose, `${web}${more}`);
      // A restart without --image reverts this one.
      await site.sandbox.write('dep/.laconic/images.yml', JSON.stringify({ services: { db: { image: added } } }));
      // Other test files send images of their own meanwhile.
      const images = ['ctr', '--namespace', 'k8s.io', 'images', 'ls', '--quiet', `name==docker.io/${added}`];
      const state = async (): Promise<unknown> => ({
        files: await site.sandbox.fileState('dep'),
        objects: await site.kubectl('get', 'deployments,pods', '--output', 'jsonpath={.items[*].metadata.uid}'),
        sent: await site.sandbox.docker('exec', shared.node, ...images),
      });
      const before = await state();
      const lines = await planned('restart');
      expect(lines).toContain(`  send to ${shared.node}: ${added}`);
      expect(lines.filter((line) => line.startsWith('  change Deployment'))).toEqual([
        expect.stringMatching(
          /-front-deployment: .*spec\.template\.spec\.containers\[more\].*spec\.initContainers \(removed\)/,
        ),
      ]);
      expect(lines).toContainEqual(expect.stringMatching(/^ {2}restart Deployment \S+-back-deployment$/));
      expect(await state()).toEqual(before);

      const spec = (await site.sandbox.read('dep.spec.yml')).replace(
        /^kind-cluster-name: .*$/m,
        'kind-cluster-name: not-made',
      );
      await site.sandbox.write('not-made.yml', spec);
      await site.sandbox.create('not-made.yml', 'not-made');
      const { stdout } = await site.sandbox.succeed(['--dry-run', 'deployment', '--dir', 'not-made', 'start']);
      const [, cluster, sent, caddy] = stdout.split('\n');
      expect(cluster).toBe('  create the kind cluster not-made');
      expect(sent).toMatch(/^ {2}send to not-made: /);
      expect(sent?.split(/[:,] /).slice(1).sort()).toEqual([image, shared.ingressImage, added].sort());
      expect(caddy).toBe(`  install the ingress controller (Caddy, ${shared.ingressImage})`);
    } finally {
      await site.sandbox.write(compose, text);
      await rm(site.sandbox.path('dep/.laconic/images.yml'), { force: true });
      await site.sandbox.docker('image', 'rm', '--force', added);
    }
  });

  it('stop refuses to stop a single service, and does not stop the deployment instead', async () => {
    const { code, stderr } = await site.attempt('stop', 'web');
    expect([code, stderr]).toEqual([2, expect.stringContaining('the whole deployment is stopped')]);
    expect(await site.names('deployments')).toHaveLength(2);
  });

  it('stop returns when everything is gone, and keeps volumes and the namespace unless asked to delete them', async () => {
    await site.run('exec', 'db', 'echo kept > /data/kept');
    const plan = await planned('stop');
    for (const name of await site.names('deployments')) expect(plan).toContain(`  delete Deployment ${name}`);
    expect(plan.filter((line) => line.includes('PersistentVolume'))).toEqual([]);
    expect((await planned('stop', '--delete-volumes')).filter((line) => line.includes('PersistentVolume'))).not.toEqual(
      [],
    );
    await site.run('stop');
    expect(await planned('stop')).toEqual(['  nothing is running']);
    for (const kind of ['deployments', 'pods', 'jobs', 'services']) expect(await site.names(kind)).toEqual([]);
    expect(await site.names('persistentvolumeclaims')).toHaveLength(1);
    expect((await site.run('stop')).stderr).toContain('nothing was running');
    await site.run('start');
    expect((await site.run('exec', 'db', 'cat /data/kept')).stdout).toBe('kept\n');
    await site.kubectl('create', 'configmap', 'of-others');
    const words = ['stop', '--delete-volumes', '--delete-namespace'];
    const refused = await runCli(['--dry-run', 'deployment', '--dir', site.sandbox.path('dep'), ...words]);
    expect([refused.code, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toContain('ConfigMap of-others');
    await site.kubectl('delete', 'configmap', 'of-others');
    await site.run(...words);
    expect(await site.kubectl('get', 'namespace', site.namespace, '--ignore-not-found')).toBe('');
  });
});

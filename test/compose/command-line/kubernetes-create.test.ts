import { statSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Sandbox } from '../../support/sandbox.js';

/** deploy create for Kubernetes contacts no cluster: the directory has everything that its start needs. */
describe('deploy create for Kubernetes', () => {
  let sandbox: Sandbox;
  const compose = (lines: string): string => `services:\n  web:\n    image: web:local\n${lines}`;
  const create = (...more: string[]) =>
    sandbox.cli(['deploy', 'create', '--spec-file', 'spec.yml', '--deployment-dir', 'd', ...more]);
  const specOf = (...lines: string[]): Promise<string> =>
    sandbox.write('spec.yml', ['stack: BASE/so/stacks/notes', ...lines, ''].join('\n'));

  beforeAll(async () => {
    sandbox = await Sandbox.make({
      'so/stacks/notes/stack.yml': 'version: "1.0"\nname: notes\npods: [web]\njobs: [seed]\n',
      'so/config/settings/a.conf': 'a=1\n',
      'so/config/settings/deep/b.conf': 'b=1\n',
      'so/scripts/run.sh': 'echo run\n',
      'so/compose-jobs/docker-compose-seed.yml':
        'services:\n  seed:\n    image: web:local\n    volumes: [seeds:/seeds]\nvolumes: {seeds: {}}\n',
      'cluster/kubeconfig': 'apiVersion: v1\nkind: Config\n',
    });
    await sandbox.write(
      'so/compose/docker-compose-web.yml',
      `${compose('    volumes:\n      - data:/data\n      - data:/again\n      - settings:/etc/web:ro\n      - ../scripts/run.sh:/run.sh\n')}volumes:\n  data: {}\n  settings: {}\n`,
    );
  });

  afterAll(() => sandbox.remove());

  it('writes the cluster configuration with each mount once, including those of jobs', async () => {
    await specOf(
      'deploy-to: k8s-kind',
      'volumes: {data: ./data/web, seeds: BASE/seeds}',
      'configmaps: {settings: ./configmaps/settings}',
    );
    const result = await create();
    expect(result).toMatchObject({ code: 0, stdout: '' });
    const config = await sandbox.read('d/kind-config.yml');
    expect(config.match(/containerPath: .*/g)).toEqual(['containerPath: /mnt/data', 'containerPath: /mnt/seeds']);
    expect(config).toContain(`hostPath: ${sandbox.path('d/data/web')}`);
    expect(config).toContain(`hostPath: ${sandbox.path('seeds')}`);
    expect(await sandbox.read('d/configmaps/settings/a.conf')).toBe('a=1\n');
    expect(await sandbox.read('d/configmaps/settings/deep/b.conf')).toBe('b=1\n');
    expect(await sandbox.exists('d/data/web')).toBe(true);
    // The compose file keeps its own volumes, which become claims on Kubernetes.
    expect(await sandbox.read('d/compose/docker-compose-web.yml')).not.toContain('driver_opts');
  });

  it('reports a misspelt key together with other problems', async () => {
    const routes = '{host-name: a.example.org, routes: [{path: /, proxy-to: nosuch:80}]}';
    await sandbox.write(
      'misspelt.yml',
      `stack: BASE/so/stacks/notes\ndeploy-to: k8s-kind\nnamespce: x\nnetwork: {http-proxy: [${routes}]}\n`,
    );
    const words = ['deploy', 'create', '--spec-file', 'misspelt.yml', '--deployment-dir', 'misspelt'];
    const { code, stderr } = await sandbox.cli(words);
    expect({ code, there: await sandbox.exists('misspelt') }).toEqual({ code: 1, there: false });
    expect(stderr).toMatch(/misspelt\.yml:3 namespce: .*did you mean "namespace"/);
    expect(stderr).toMatch(
      /misspelt\.yml:4 network\.http-proxy\[0\]\.routes\[0\]\.proxy-to: no pod has a service "nosuch"/,
    );
  });

  it('refuses a socket of this host and a missing path, once each', async () => {
    const server = createServer().listen(sandbox.path('engine.sock'));
    onTestFinished(() => void server.close());
    const mounts = '    volumes: [BASE/engine.sock:/s, /nowhere/here:/n]\n';
    await sandbox.write('so/compose/docker-compose-other.yml', compose(mounts));
    await sandbox.write('so/stacks/other/stack.yml', 'name: other\npods: [other]\n');
    await sandbox.write('other.yml', 'stack: BASE/so/stacks/other\ndeploy-to: k8s-kind\n');
    const { code, stderr } = await sandbox.cli([
      ...['deploy', 'create', '--spec-file', 'other.yml', '--deployment-dir', 'refused'],
    ]);
    expect(code).toBe(1);
    expect(stderr.match(/volumes\[\d\]: .*/g)).toEqual([
      `volumes[0]: ${sandbox.path('engine.sock')} is a socket or device of this host: the cluster cannot use it`,
      'volumes[1]: /nowhere/here does not exist on this host: create it, or use a named volume',
    ]);
  });

  it('warns about credentials that the Deployment would show, with file, line and key, and does not print them', async () => {
    await sandbox.write(
      'so/compose/docker-compose-shown.yml',
      compose('    command: run ${PW}\n    hostname: ${HOST}\n'),
    );
    await sandbox.write('so/stacks/shown/stack.yml', 'name: shown\npods: [shown]\n');
    await sandbox.write('c.env', 'PW="my secret words"\nHOST=h0st-t0ken\n');
    await sandbox.write(
      'shown.yml',
      'stack: BASE/so/stacks/shown\ndeploy-to: k8s-kind\ncredentials-files: [BASE/c.env]\n',
    );
    const { stderr } = await sandbox.succeed([
      ...['deploy', 'create', '--spec-file', 'shown.yml', '--deployment-dir', 'shown'],
    ]);
    expect(stderr).toMatch(/docker-compose-shown\.yml:4 services\.web\.command: holds PW of a credentials file/);
    expect(stderr).toMatch(/docker-compose-shown\.yml:5 services\.web\.hostname: holds HOST of a credentials file/);
    expect(stderr).not.toMatch(/my secret words|h0st-t0ken/);
  });

  it('looks for an env file after the create hooks, which may provide it, and refuses when it is still missing', async () => {
    const hook = (path: string): string =>
      `import { writeFileSync } from 'node:fs';\nexport const create = ({ deploymentDir }) => writeFileSync(\`\${deploymentDir}/compose/${path}\`, 'FROM_HOOK=1\\n');\n`;
    await sandbox.write('so/compose/docker-compose-brought.yml', compose('    env_file: brought.env\n'));
    await sandbox.write('so/stacks/brought/stack.yml', 'name: brought\npods: [brought]\n');
    await sandbox.write('brought.yml', 'stack: BASE/so/stacks/brought\ndeploy-to: k8s-kind\n');
    const make = ['deploy', 'create', '--spec-file', 'brought.yml', '--deployment-dir', 'brought'];
    const missing = `docker-compose-brought.yml:4 services.web.env_file: the env file "brought.env" is missing`;

    const { code, stderr } = await sandbox.cli(make);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(missing) as string });
    await sandbox.write('so/stacks/brought/deploy/commands.mjs', hook('other.env'));
    const without = await sandbox.cli(make);
    expect(without).toMatchObject({ code: 1 });
    expect(without.stderr).toContain(`${sandbox.path('so/compose')}/${missing}`);
    expect(await sandbox.exists('brought')).toBe(false);

    await sandbox.write('so/stacks/brought/deploy/commands.mjs', hook('brought.env'));
    await sandbox.succeed(make);
    await sandbox.succeed([...make, '--update']);
    const { stdout } = await sandbox.run('brought', 'render');
    expect(stdout).toMatch(/name: FROM_HOOK\n\s+value: ["']?1/);
  });

  it('copies files that are bind-mounted from next to the stack configuration', async () => {
    const render = await sandbox.run('d', 'render');
    expect(render.stdout).toContain(`run.sh: ${Buffer.from('echo run\n').toString('base64')}`);
    await sandbox.write('so/scripts/run.sh', 'echo changed\n');
    const later = await sandbox.run('d', 'render');
    expect(later.stdout).toBe(render.stdout);
    await sandbox.create('spec.yml', 'd', '--update');
    const updated = await sandbox.run('d', 'render');
    expect(updated.stdout).toContain(`run.sh: ${Buffer.from('echo changed\n').toString('base64')}`);
  });

  it('keeps files that an operator adds to the folder of a configmap when it updates', async () => {
    await sandbox.write('d/configmaps/settings/mine.conf', 'mine\n');
    await sandbox.create('spec.yml', 'd', '--update');
    expect(await sandbox.read('d/configmaps/settings/mine.conf')).toBe('mine\n');
  });

  it('refuses a spec for another target, whose services would otherwise go on running', async () => {
    await specOf('deploy-to: compose');
    const result = await create('--update');
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('is a deployment on k8s-kind');
    expect(await sandbox.read('d/spec.yml')).toContain('deploy-to: k8s-kind');
  });

  it('keeps a copy of the kubeconfig that only the owner can read, also when the original is deleted', async () => {
    await specOf('deploy-to: k8s', 'kube-config: cluster/kubeconfig', 'volumes: {data: /srv/data}');
    await sandbox.succeed(['deploy', 'create', '--spec-file', 'spec.yml', '--deployment-dir', 'remote']);
    expect(await sandbox.read('remote/kubeconfig.yml')).toBe('apiVersion: v1\nkind: Config\n');
    expect(statSync(sandbox.path('remote/kubeconfig.yml')).mode & 0o777).toBe(0o600);
    expect(await sandbox.exists('remote/kind-config.yml')).toBe(false);
    await specOf('deploy-to: k8s', 'kube-config: cluster/gone', 'volumes: {data: /srv/data}');
    const update = ['deploy', 'create', '--update', '--spec-file', 'spec.yml', '--deployment-dir', 'remote'];
    const result = await sandbox.succeed(update);
    expect(result.stderr).toContain('the deployment keeps its copy');
    expect(await sandbox.read('remote/kubeconfig.yml')).toBe('apiVersion: v1\nkind: Config\n');
  });

  it.each([
    { what: 'a device', lines: '    devices: [/dev/kvm]\n', says: 'docker-compose-web.yml:4 services.web.devices' },
    {
      what: 'a writable bind',
      lines: '    volumes:\n      - ../scripts/run.sh:/run.sh:rw\n',
      says: 'docker-compose-web.yml:5 services.web.volumes[0]: "../scripts/run.sh" is copied into a ConfigMap, which is read-only',
    },
    {
      what: 'a bind of a missing path',
      lines: '    volumes:\n      - /nowhere/at/all:/x\n',
      says: 'docker-compose-web.yml:5 services.web.volumes[0]: /nowhere/at/all does not exist on this host',
    },
    {
      what: 'a user name',
      lines: '    user: postgres\n',
      says: 'docker-compose-web.yml:4 services.web.user',
    },
    {
      what: 'a volume shared by two replicas',
      lines: '    deploy: {replicas: 2}\n    volumes: ["data:/data"]\nvolumes: {data: }\n',
      says: 'docker-compose-web.yml:5 services.web.volumes[0]: the volume data is for one pod (ReadWriteOnce), and 2 replicas',
    },
    {
      what: 'a host name that is an address',
      lines: '',
      spec: 'network: {http-proxy: [{host-name: 127.0.0.1, routes: [{path: /, proxy-to: "web:80"}]}]}\n',
      says: 'spec.yml:3 network.http-proxy[0].host-name: "127.0.0.1" is an IP address',
    },
    {
      what: 'a port of the kind cluster that a host-network service uses',
      lines: '    network_mode: host\n    ports: ["8080"]\n',
      spec: 'kind-http-port: 8080\n',
      says: 'spec.yml:3 kind-http-port: port 8080/tcp of this host would lead to the ingress controller, but web',
    },
  ])('refuses $what with the line in the stack, and writes nothing', async ({ lines, says, spec = '' }) => {
    const stack = await Sandbox.make({
      'so/stacks/notes/stack.yml': 'name: notes\npods: [web]\n',
      'so/scripts/run.sh': '',
      'so/compose/docker-compose-web.yml': compose(lines),
      'spec.yml': `stack: BASE/so/stacks/notes\ndeploy-to: k8s-kind\n${spec}`,
    });
    try {
      const result = await stack.cli(['deploy', 'create', '--spec-file', 'spec.yml', '--deployment-dir', 'd']);
      expect(result.code).toBe(1);
      expect(result.stderr).toContain(says);
      expect(await stack.exists('d')).toBe(false);
    } finally {
      await stack.remove();
    }
  });

  it('refuses update-envs before anything is written', async () => {
    const stack = await Sandbox.make({
      'so/stacks/notes/stack.yml': 'name: notes\npods: [web]\n',
      'so/compose/docker-compose-web.yml': compose(''),
      'spec.yml': 'stack: BASE/so/stacks/notes\ndeploy-to: k8s-kind\nconfig: {A: 1}\n',
    });
    try {
      const args = ['deploy', 'create', '--spec-file', 'spec.yml', '--deployment-dir', 'd'];
      await stack.succeed(args);
      await stack.edit('d/spec.yml', 'A: 1', 'A: 2');
      const before = await stack.read('d/config.env');
      const update = await stack.deployment('d', 'update-envs');
      expect(update.code).toBe(1);
      expect(update.stderr).toContain('update-envs is not supported on Kubernetes yet');
      expect(await stack.read('d/config.env')).toBe(before);
    } finally {
      await stack.remove();
    }
  });
});

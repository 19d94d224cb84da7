import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { idleService, Sandbox } from '../../support/sandbox.js';

const compose = 'source/compose/docker-compose-app.yml';
const web = (more = ''): string =>
  `services:\n${idleService('web', `    environment:\n      TOKEN: \${STORE_TOKEN}\n      SAME: \${STORE_TOKEN}\n${more}`)}`;
const spec = (target: string): string => `stack: source/stacks/app\ndeploy-to: ${target}\nconfig:\n  STORE_TOKN: abc\n`;

describeWithEngine('warnings are reported when a deployment is created, and not repeated by later commands', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await Sandbox.make({
      'source/stacks/app/stack.yml': 'name: app\npods:\n  - app\n',
      [compose]: web(),
      'spec.yml': spec('compose'),
      'cluster.yml': spec('k8s-kind'),
    });
  });
  afterAll(() => sandbox.remove());

  const unset = (name: string, key: string): RegExp =>
    new RegExp(
      `^WARNING: \\S*docker-compose-app\\.yml:\\d+ ${key}: \\$\\{${name}\\} is not set and has no default, so it is empty here`,
      'gm',
    );

  it('create lists each variable that is not set once, with its place and a suggestion', async () => {
    const { stderr } = await sandbox.create('spec.yml', 'd');
    expect(stderr.match(unset('STORE_TOKEN', 'services\\.web\\.environment\\.TOKEN'))).toHaveLength(1);
    expect(stderr).toContain('did you mean "STORE_TOKN"?');
    expect(stderr).toContain(
      'config.STORE_TOKN: no service mentions ${STORE_TOKN}: no container gets it, did you mean "STORE_TOKEN"?',
    );
    expect(stderr.split('STORE_TOKEN}').length - 1).toBe(1);
  });

  it('start, status and stop repeat them only with --verbose', async () => {
    for (const command of ['start', 'status', 'render']) {
      const { code, stderr } = await sandbox.deployment('d', command);
      expect({ command, code, stderr }).toMatchObject({ code: 0 });
      expect(stderr).not.toContain('STORE_TOK');
    }
    const verbose = await sandbox.cli(['--verbose', 'deployment', '--dir', 'd', 'status']);
    expect(verbose.stderr).toContain('STORE_TOKEN');
  });

  it('an update reports new ones', async () => {
    await sandbox.write(compose, web('      LATER: ${LATER}\n'));
    const { stderr } = await sandbox.create('spec.yml', 'd', '--update');
    expect(stderr.match(unset('LATER', 'services\\.web\\.environment\\.LATER'))).toHaveLength(1);
    expect(stderr).toContain('set LATER in the config of the spec');
    expect(stderr).not.toContain('STORE_TOK');
    expect((await sandbox.deployment('d', 'start')).stderr).not.toContain('LATER');
  });

  it('a variable that was set when the deployment was created and is no longer set is new', async () => {
    await sandbox.write(compose, web('      LATER: ${LATER}\n      GONE: ${SET_FOR_CREATE}\n'));
    const create = ['deploy', 'create', '--spec-file', 'spec.yml', '--deployment-dir', 'e'];
    const { stderr } = await sandbox.succeed(create, { env: { SET_FOR_CREATE: 'yes' } });
    expect(stderr).not.toContain('SET_FOR_CREATE');
    expect((await sandbox.deployment('e', 'render')).stderr).toContain('"SET_FOR_CREATE" variable is not set');
  });

  it('a variable from a Secret of the spec is not missing, and a Secret that may have any key is named', async () => {
    const text = `services:\n${idleService('web', '    environment: {PW: "${PW}", LISTED: "$LISTED", ANY: "${ANY}", PART: "x-${PW}"}\n')}`;
    await sandbox.write('secret/compose/docker-compose-app.yml', text);
    await sandbox.write('secret/stacks/app/stack.yml', 'name: app\npods:\n  - app\n');
    const secrets = 'secrets: {own: {keys: {PW: {env: SOURCE}}}, listed: [LISTED], theirs: }\n';
    const told = async (target: string): Promise<string[]> => {
      await sandbox.write(`${target}.yml`, `stack: secret/stacks/app\ndeploy-to: ${target}\n${secrets}`);
      const { stderr } = await sandbox.create(`${target}.yml`, target);
      return [...stderr.matchAll(/environment\.(\S+): \S+ is not set .* here: set (.*)/g)].map(
        ([, at, hint]) => `${at}: ${hint}`,
      );
    };
    expect(await told('compose')).toEqual([
      'LISTED: LISTED in the config of the spec',
      'ANY: ANY in the config of the spec',
    ]);
    expect(await told('k8s-kind')).toEqual([
      'LISTED: LISTED in the config of the spec, unless the Secret listed is in the cluster, which has it according to the spec',
      'ANY: ANY in the config of the spec, unless the Secret theirs has ANY',
      'PART: PW in the config of the spec',
    ]);
  });

  it('variables in env files and credentials files are checked too, without showing what may be part of a secret', async () => {
    const text = `services:\n${idleService('web', '    env_file: web.env\n    environment: {PW: "${PW}"}\n')}`;
    await sandbox.write('env/compose/docker-compose-app.yml', text);
    await sandbox.write('env/compose/web.env', "A=1\nB=$A-${PWD_}-${PW}\nC='$LITERAL' \nD=${E:-}\n");
    await sandbox.write('env/stacks/app/stack.yml', 'name: app\npods:\n  - app\n');
    await sandbox.write('app.env', "PW='a$real'\nOTHER=hunter$two\nTHIRD=$OTHER\n");
    for (const target of ['compose', 'k8s-kind']) {
      const config = 'credentials-files: [app.env]\nconfig: {PWD: x}\n';
      await sandbox.write('env.yml', `stack: env/stacks/app\ndeploy-to: ${target}\n${config}`);
      const { stderr } = await sandbox.create('env.yml', `env-${target}`);
      const told = stderr.split('\n').filter((line) => /which is empty|is not set/.test(line));
      expect(told).toEqual([
        `WARNING: ${sandbox.path('env/compose/web.env')}:2 B: \${PWD_} is not set and has no default, so it is empty here, did you mean "PWD"?`,
        'WARNING: app.env:2 OTHER: a $ in the value begins a variable that nothing sets, which is empty: put the value in single quotes',
      ]);
      const later = await sandbox.deployment(`env-${target}`, 'render');
      expect([later.code, later.stderr]).toEqual([0, '']);
    }
  });

  it('Kubernetes gives the same warnings', async () => {
    const create = ['deploy', 'create', '--spec-file', 'cluster.yml', '--deployment-dir', 'k'];
    const { stderr } = await sandbox.succeed(create);
    expect(stderr.match(unset('STORE_TOKEN', 'services\\.web\\.environment\\.TOKEN'))).toHaveLength(1);
    const { stderr: rendering, code } = await sandbox.deployment('k', 'render');
    expect({ code, rendering }).toEqual({ code: 0, rendering: '' });
  });
});

import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  call,
  commandContext,
  deploymentContext,
  fixture,
  hookFile,
  hookServices,
  setupParameters,
  temporaryDirectory,
} from './support.js';

function json(...path: string[]): unknown {
  return JSON.parse(readFileSync(join(...path), 'utf8'));
}

describe('Python hooks work as they do with the Python program', () => {
  it('receive in init the command context, the options, the environment and their own location', async () => {
    const file = fixture('names');
    const cwd = temporaryDirectory();
    const services = hookServices({ cwd, options: { verbose: true, stack: 'demo' }, env: { KUBECONFIG: '/tmp/kube' } });

    const outcome = await call(file, 'init', { context: commandContext }, services);

    expect(outcome).toEqual({
      called: true,
      result: {
        stack: '/stacks/demo',
        deployer: 'compose',
        cluster: 'laconic-abc',
        compose_files: ['/c/docker-compose-web.yml'],
        pre_start_commands: ['/p/pre.sh'],
        post_start_commands: [],
        config: { cli: { key: 'app.mykey' } },
        env_file: null,
        job_compose_files: null,
        verbose: true,
        opts: [false, true, false, false, 'demo', false],
        states: { CREATED: 1, CONFIGURED: 2, STARTED: 3, STOPPED: 4 },
        helper: [42, 42],
        argv: [file],
        file,
        cwd,
        kubeconfig: '/tmp/kube',
        no_bytecode: true,
        secret_visible: false,
      },
    });
    expect(readdirSync(dirname(file)), 'no __pycache__ in the stack').toEqual(['commands.py', 'helper.py']);
  });

  it('receive in setup the parameters and positional strings, and run a container of the stack', async () => {
    const output = join(temporaryDirectory(), 'out.json');
    const asked: unknown[] = [];
    const services = hookServices({
      cwd: '/tmp',
      runContainerCommand: async (...args) => {
        asked.push(args);
        return 'initialised ✓\n';
      },
    });

    await call(
      fixture('names'),
      'setup',
      {
        context: commandContext,
        parameters: { ...setupParameters, createNetwork: true, gentxFileList: 'a,b' },
        extraArgs: [output, '--odd', 'two words'],
      },
      services,
    );

    expect(asked).toEqual([['cli', 'laconicd init', [{ hostPath: '/tmp/data', containerPath: '/root' }]]]);
    expect(json(output)).toEqual([
      {
        chain_id: null,
        node_moniker: 'node-1',
        key_name: null,
        initialize_network: false,
        join_network: false,
        connect_network: false,
        create_network: true,
        gentx_file_list: 'a,b',
        gentx_address_list: null,
        genesis_file: null,
        network_dir: null,
      },
      ['--odd', 'two words'],
      'initialised ✓',
    ]);
  });

  it('receive in create the deployment context, the mode and the arguments', async () => {
    const dir = temporaryDirectory();

    await call(fixture('names'), 'create', {
      context: deploymentContext(dir),
      mode: 'update',
      extraArgs: [null, 'peer@host', 'more'],
    });

    expect(json(dir, 'seen.json')).toEqual({
      dir,
      is_path: true,
      ids: [
        'laconic-0123456789abcdef',
        'laconic-0123456789abcdef',
        'laconic-fedcba9876543210',
        'laconic-fedcba9876543210',
      ],
      stack: ['demo', ['web']],
      spec: ['demo', { data: './data/data', auto: null }, 'default'],
      accessors: [{ data: './data/data', auto: null }, {}, [], 1, false, 'compose', true],
      files: [
        `${dir}/stack.yml`,
        `${dir}/spec.yml`,
        `${dir}/config.env`,
        `${dir}/deployment.yml`,
        `${dir}/compose`,
        `${dir}/compose/docker-compose-web.yml`,
        `${dir}/compose/docker-compose-web.yml`,
      ],
      mode: 'update',
      extra_args: [null, 'peer@host', 'more'],
    });
  });

  it('can use the getters of newer specs, and the options as a dataclass', async () => {
    const file = hookFile(`
import dataclasses
from stack_orchestrator.command_types import CommandOptions
from stack_orchestrator.deploy.spec import Spec
from stack_orchestrator.opts import opts


def init(context):
    assert isinstance(opts.o, CommandOptions)
    spec = Spec({
        "maintenance-service": "page:80",
        "image-pull-secret": {"server": "ghcr.io"},
        "resources": {"containers": {"limits": {"memory": "1G"}, "web": {"reservations": {"cpus": 1}}, "odd": 3}},
    }, None)
    bare = Spec({}, None)
    web, every = spec.get_container_resources_for("web"), spec.get_container_resources()
    return {
        "options": sorted(each.name for each in dataclasses.fields(CommandOptions)),
        "given": [spec.get_maintenance_service(), spec.get_image_registry_config(), every.limits, web.reservations],
        "absent": [
            bare.get_maintenance_service(), bare.get_caddy_ingress_image(), bare.get_image_registry_config(),
            bare.get_volume_resources().limits, spec.get_volume_resources_for("data"),
            spec.get_container_resources_for("odd"), web.limits, every.reservations,
        ],
    }
`);
    expect((await call(file, 'init', { context: commandContext })).result).toEqual({
      options: ['continue_on_error', 'debug', 'dry_run', 'local_stack', 'quiet', 'stack', 'verbose'],
      given: ['page:80', { server: 'ghcr.io' }, { memory: '1G' }, { cpus: 1 }],
      absent: [null, null, null, null, null, null, null, null],
    });
  });

  it('get YAML values as plain Python values in order, and keep comments when they dump a loaded file', async () => {
    const dir = temporaryDirectory();
    const lines = [
      '# head',
      'text: hello # why',
      'yes: yes',
      'integer: 12345678901234567890123',
      'octal: 0440',
      'float: 1.10',
      'nothing:',
      '9: nine',
      '1: one',
      'list: [a]',
      'map: {$: x}',
      'flag: true',
    ];
    writeFileSync(join(dir, 'round.yml'), [...lines, ''].join('\n'));

    await call(fixture('names'), 'start', { context: deploymentContext(dir) });

    expect(json(dir, 'yaml.json')).toEqual({
      kinds: {
        text: 'str',
        yes: 'str',
        integer: 'int',
        octal: 'int',
        float: 'float',
        nothing: 'NoneType',
        9: 'str',
        1: 'str',
        list: 'list',
        map: 'dict',
        flag: 'bool',
      },
      order: ['text', 'yes', 'integer', 'octal', 'float', 'nothing', '9', '1', 'list', 'map', 'flag'],
      text: "plain: '80'\nn: 1.0\n",
      binary: 'b: 1\n',
      from_path: 12345678901234567890123,
      not_called: { a: 1 },
      empty: null,
      mode: null,
    });
    expect(readFileSync(join(dir, 'round.yml'), 'utf8')).toBe(
      [...lines, 'added:', '  - true', '  - ', '  - 1.0', '  - 1000000000000000000000000000000', ''].join('\n'),
    );
  });
});

describe('hooks like those of the bundled stacks', () => {
  const compose = [
    'services:',
    '  # the first node',
    '  geth-1:',
    '    image: cerc/geth:local',
    '    configs:',
    '      - {source: a, mode: 0440}',
    '    volumes:',
    '      - data:/data # keep',
    'volumes:',
    '  data:',
    '',
  ].join('\n');

  function deployment(): string {
    const dir = temporaryDirectory();
    mkdirSync(join(dir, 'compose'));
    writeFileSync(join(dir, 'compose/docker-compose-geth.yml'), compose, { mode: 0o600 });
    return dir;
  }

  it('provide defaults in init, with numbers as they are written', async () => {
    const { result } = await call(fixture('bundled'), 'init', { context: commandContext });

    expect(result).toEqual({
      config: {
        test_variable_1: 'test-value-1',
        version: '1.10',
        supply: '123456789012345678901234567890',
        mode: '0440',
        9: 'nine',
        1: 'one',
      },
    });
  });

  it('make a directory in setup and run a container on it', async () => {
    const dir = temporaryDirectory();
    const services = hookServices({
      runContainerCommand: async (service, command, mounts) => {
        expect([service, command]).toEqual(['test', 'echo output-data > /data/output-file']);
        writeFileSync(join(mounts[0]?.hostPath ?? '', 'output-file'), 'output-data\n');
        return 'said\n';
      },
    });

    await call(
      fixture('bundled'),
      'setup',
      { context: commandContext, parameters: setupParameters, extraArgs: [dir] },
      services,
    );

    expect(readFileSync(join(dir, 'container-output-dir/output-file'), 'utf8')).toBe('output-data\n');
    expect(readFileSync(join(dir, 'answer'), 'utf8')).toBe('said 0');
  });

  it('write files in create and add a volume to a compose file only once, keeping comments, numbers and mode', async () => {
    const dir = deployment();
    const file = fixture('bundled');
    const created = { context: deploymentContext(dir), extraArgs: [null, null] };

    await call(file, 'create', { ...created, mode: 'create' });
    const once = readFileSync(join(dir, 'compose/docker-compose-geth.yml'), 'utf8');
    await call(file, 'create', { ...created, mode: 'update' });

    expect(readFileSync(join(dir, 'create-file'), 'utf8')).toBe('create-command-output-data');
    expect(readFileSync(join(dir, 'data/eth_config/jwtsecret'), 'utf8')).toMatch(/^[0-9a-f]{64}$/);
    expect(once).toBe(
      compose.replace('# keep\n', '# keep\n      - ../config/optimism/run-geth.sh:/opt/testnet/run.sh\n'),
    );
    expect(readFileSync(join(dir, 'compose/docker-compose-geth.yml'), 'utf8')).toBe(once);
    expect(statSync(join(dir, 'compose/docker-compose-geth.yml')).mode & 0o777).toBe(0o600);
  });

  it("are loaded again after an edit within the same second that keeps the file's size", async () => {
    const dir = temporaryDirectory();
    const file = fixture('bundled');

    await call(file, 'start', { context: deploymentContext(dir) });
    expect(readFileSync(join(dir, 'marker'), 'utf8')).toBe('v1');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"v1"', '"v2"'));
    await call(file, 'start', { context: deploymentContext(dir) });

    expect(readFileSync(join(dir, 'marker'), 'utf8')).toBe('v2');
  });

  it('run a genesis ceremony: initialize, create, then a deployment from the network directory', async () => {
    const file = fixture('ceremony');
    const base = temporaryDirectory();
    const network = join(base, 'net');
    writeFileSync(join(base, 'gentx.json'), '{}');
    const services = hookServices({ runContainerCommand: async (_service, command) => `ran ${command}` });
    const phase = async (changes: Partial<typeof setupParameters>): Promise<unknown> =>
      call(
        file,
        'setup',
        { context: commandContext, parameters: { ...setupParameters, networkDir: network, ...changes }, extraArgs: [] },
        services,
      );

    await phase({ initializeNetwork: true });
    await phase({ createNetwork: true, gentxFileList: join(base, 'gentx.json') });
    const dir = temporaryDirectory();
    await call(file, 'create', {
      context: deploymentContext(dir),
      mode: 'create',
      extraArgs: [network, 'id@1.2.3.4:26656'],
    });

    expect(readFileSync(join(network, 'init.log'), 'utf8')).toBe('ran laconicd init node-1 0');
    expect(existsSync(join(dir, 'data/laconicd-config/gentx.json'))).toBe(true);
    expect(readFileSync(join(dir, 'data/laconicd-config/config.toml'), 'utf8')).toBe(
      'persistent_peers = "id@1.2.3.4:26656"\nladdr = "tcp://0.0.0.0:26657"\n',
    );
  });
});

describe('a hook module', () => {
  it('may leave out any function', async () => {
    const file = hookFile('init = None\ndef other():\n    pass\n');

    expect(await call(file, 'init', { context: commandContext })).toEqual({ called: false, result: undefined });
    expect(await call(file, 'start', { context: deploymentContext('/d') })).toEqual({
      called: false,
      result: undefined,
    });
  });

  it.each([
    ['def setup(context):', "['command']"],
    ['def setup(context, parameters):', "['command', 'parameters']"],
    ['def setup(*args):', "['command', 'parameters', 'extra']"],
    ['def setup():', '[]'],
    ['async def setup(context, parameters, extra_args, more=None):', "['command', 'parameters', 'extra']"],
  ])('gets as many arguments as its signature takes: %s', async (head, expected) => {
    const out = join(temporaryDirectory(), 'out');
    const file = hookFile(
      [
        head,
        '    given = [value for value in list(locals().values()) if value is not None]',
        '    given = list(given[0]) if given and isinstance(given[0], tuple) else given',
        "    names = {'DeployCommandContext': 'command', 'LaconicStackSetupCommand': 'parameters', 'tuple': 'extra'}",
        `    open(${JSON.stringify(out)}, 'w').write(str([names[type(value).__name__] for value in given]))`,
        '',
      ].join('\n'),
    );

    await call(file, 'setup', { context: commandContext, parameters: setupParameters, extraArgs: ['x'] });

    expect(readFileSync(out, 'utf8')).toBe(expected);
  });

  it('may return nothing from init, and may end with sys.exit(0)', async () => {
    const empty = hookFile(
      "from stack_orchestrator.util import get_yaml\ndef init(c):\n    return get_yaml().load('')\n",
    );
    const exits = hookFile('import sys\ndef init(c):\n    sys.exit(0)\n');

    expect(await call(empty, 'init', { context: commandContext })).toEqual({ called: true, result: undefined });
    expect(await call(exits, 'init', { context: commandContext })).toEqual({ called: true, result: undefined });
  });

  it('may leave a process behind, which does not block the program whatever it inherited', async () => {
    const left = join(temporaryDirectory(), 'pids');
    const file = hookFile(
      [
        'import os, subprocess, time',
        'def start(context):',
        "    one = subprocess.Popen(['sleep', '60'], close_fds=False).pid",
        '    other = os.fork()',
        '    if other == 0:',
        '        time.sleep(60)',
        '        os._exit(0)',
        `    open(${JSON.stringify(left)}, 'w').write('{} {}'.format(one, other))`,
        '',
      ].join('\n'),
    );
    const began = Date.now();

    const outcome = await call(file, 'start', { context: deploymentContext('/d') });
    const took = Date.now() - began;
    for (const pid of readFileSync(left, 'utf8').split(' ')) process.kill(Number(pid));

    expect(outcome.called).toBe(true);
    expect(took).toBeLessThan(20_000);
  });

  it('may fork, and only the original process returns the result', async () => {
    const file = hookFile(
      'import os\ndef init(c):\n    pid = os.fork()\n    if pid: os.waitpid(pid, 0)\n    return {"parent": bool(pid)}\n',
    );

    expect((await call(file, 'init', { context: commandContext })).result).toEqual({ parent: true });
  });
});

import { mkdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../support/program.js';
import { accepts, create, init, inWorld, refuses, stackPath } from './support.js';

const deploy = ['--stack', stackPath, 'deploy'];

describe('deploy init', () => {
  refuses([
    { what: 'a missing --output', args: [...deploy, 'init'], says: ['--output', 'Usage: '], code: 2 },
    {
      what: 'an --output in a missing folder',
      args: [...deploy, 'init', '--output', 'no/where.yml'],
      says: ['cannot write no/where.yml', 'does not exist'],
    },
    { what: 'an --output that is a directory', args: [...deploy, 'init', '--output', 'repo'], says: ['repo'] },
    {
      what: 'an empty --output',
      args: [...deploy, 'init', '--output', ''],
      says: ['--output <', 'must not be empty'],
      code: 2,
    },
    {
      what: 'an --output that exists with other content',
      files: { 'new-spec.yml': 'my: edits\n' },
      args: init,
      says: ['new-spec.yml exists and differs', '--force overwrites it'],
    },
    {
      what: 'a --config without =',
      args: [...init, '--config', 'NOVALUE'],
      says: ['config argument is not valid', 'write --config NAME=value'],
    },
    {
      what: 'a --config that starts with =',
      args: [...init, '--config', '=x'],
      says: ['config argument is not valid'],
    },
    { what: 'an empty --config', args: [...init, '--config', ''], says: ['config argument is not valid'] },
    {
      what: 'a --config with a dash as name',
      args: [...init, '--config=-A=1'],
      says: ['config argument is not valid'],
    },
    {
      what: 'a bad --config without showing the value of a good one',
      args: [...init, '--config', 'PASSWORD=hunter2', '--config', 'oops'],
      says: ['config argument is not valid', 'oops', /^(?![^]*hunter2)/],
    },
    {
      what: 'a missing --config-file',
      args: [...init, '--config-file', 'gone.env'],
      says: ['config file: gone.env does not exist'],
    },
    { what: 'a --config-file that is a directory', args: [...init, '--config-file', 'repo'], says: ['repo'] },
    {
      what: 'a --config-file with a bad line',
      files: { 'c.env': 'A=1\nB C=2\n' },
      args: [...init, '--config-file', 'c.env'],
      says: ['c.env:2: a variable name cannot contain a space'],
    },
    {
      what: 'a --config-file with a name alone',
      files: { 'c.env': 'A\n' },
      args: [...init, '--config-file', 'c.env'],
      says: ['c.env:1 A: has no value: write NAME=value'],
    },
    {
      what: 'a --config-file with an unterminated quote',
      files: { 'c.env': "A='x\n" },
      args: [...init, '--config-file', 'c.env'],
      says: ['c.env:1 A: the value starts with', 'never ends'],
    },
    {
      what: 'an unknown recipe',
      args: [...init, '--map-ports-to-host', 'localhost-sme'],
      says: ['must specify one of', 'did you mean "localhost-same"'],
    },
    {
      what: 'an unknown recipe although the stack has no ports',
      files: { 'repo/stack-orchestrator/compose/docker-compose-app.yml': 'services: {web: {image: a}}\n' },
      args: [...init, '--map-ports-to-host', 'nope'],
      says: ['must specify one of'],
    },
    {
      what: 'an unknown --deploy-to',
      args: [...deploy, '--deploy-to', 'swarm', 'init', '--output', 'x.yml'],
      says: ['deploy-to swarm is not valid', 'compose, k8s-kind, k8s'],
    },
    {
      what: 'k8s without --kube-config',
      args: [...deploy, '--deploy-to', 'k8s', 'init', '--output', 'x.yml'],
      says: ['--kube-config must be supplied with --deploy-to k8s'],
    },
    {
      what: '--kube-config on compose',
      args: [...init, '--kube-config', 'k'],
      says: ['--kube-config is not allowed with a compose deployment'],
    },
    {
      what: '--image-registry on k8s-kind',
      args: [...deploy, '--deploy-to', 'k8s-kind', 'init', '--output', 'x.yml', '--image-registry', 'r'],
      says: ['--image-registry is not allowed with a k8s-kind deployment'],
    },
    {
      what: '--include, which init does not have',
      args: [...deploy, '--include', 'app', 'init', '--output', 'x.yml'],
      says: ['--include cannot be used with init'],
      code: 2,
    },
    { what: 'no --stack', args: ['deploy', 'init', '--output', 'x.yml'], says: ['--stack option is required'] },
  ]);

  accepts([
    {
      what: '= and , in the values of --config',
      args: [...init, '--config', 'A=x=y,z', '--config', 'B='],
      then: async (root) =>
        expect(await readFile(join(root, 'new-spec.yml'), 'utf8')).toMatch(/^ {2}A: x=y,z\n {2}B: ''$/m),
    },
    {
      what: '--force over a spec that differs',
      files: { 'new-spec.yml': 'my: edits\n' },
      args: [...init, '--force'],
    },
    {
      what: '--force over a link to a spec that differs, keeping the link',
      arrange: async (root) => {
        await writeFile(join(root, 'kept.yml'), 'my: edits\n');
        await symlink('kept.yml', join(root, 'new-spec.yml'));
      },
      args: [...init, '--force'],
      then: async (root) => {
        expect(await readlink(join(root, 'new-spec.yml'))).toBe('kept.yml');
        expect(await readFile(join(root, 'kept.yml'), 'utf8')).toMatch(/^stack:/m);
      },
    },
  ]);
});

describe('deploy create', () => {
  refuses([
    { what: 'a missing --spec-file', args: ['deploy', 'create'], says: ['--spec-file'], code: 2 },
    {
      what: 'a missing spec file',
      args: ['deploy', 'create', '--spec-file', 'gone.yml'],
      says: ['spec file: gone.yml does not exist'],
    },
    {
      what: 'a spec file that is a directory',
      args: ['deploy', 'create', '--spec-file', 'repo'],
      says: ['cannot read', 'repo: it is a directory, not a file'],
    },
    {
      what: 'an existing directory',
      arrange: async (root) => {
        await mkdir(join(root, 'made'));
        await writeFile(join(root, 'made', 'mine'), 'mine');
      },
      args: create,
      says: ['made already exists'],
    },
    {
      what: 'an existing empty directory',
      arrange: async (root) => void (await mkdir(join(root, 'made'))),
      args: create,
      says: ['made already exists'],
    },
    { what: 'a directory name that is a file', files: { made: 'x' }, args: create, says: ['made already exists'] },
    {
      what: 'an unknown --deploy-to of create',
      args: ['deploy', '--deploy-to', 'swarm', ...create.slice(1)],
      says: ['deploy-to swarm is not valid', 'compose, k8s-kind, k8s'],
    },
    {
      what: 'a missing parent directory',
      args: [...create.slice(0, -1), 'no/where'],
      says: ['cannot create no/where', 'does not exist'],
    },
    {
      what: 'a parent directory that is a file',
      files: { plain: 'x' },
      args: [...create.slice(0, -1), 'plain/made'],
      says: ['cannot create plain/made'],
    },
    {
      what: 'an empty --deployment-dir',
      args: [...create.slice(0, -1), ''],
      says: ['--deployment-dir <', 'must not be empty'],
      code: 2,
    },
    { what: 'the root directory', args: [...create.slice(0, -1), '/'], says: ['/ already exists'] },
    {
      what: '--update of a missing directory',
      args: [...create, '--update'],
      says: ['--update requires that made already exists'],
    },
    {
      what: '--update of a file',
      files: { made: 'x' },
      args: [...create, '--update'],
      says: ['made', 'is a file not a directory'],
    },
    {
      what: '--update of a directory that is not a deployment',
      args: [...create.slice(0, -1), 'repo', '--update'],
      says: ['repo is not a deployment directory: it has no deployment.yml'],
    },
    {
      what: '--helm-chart',
      args: [...create, '--helm-chart'],
      says: ['--helm-chart is not supported by this version\n', 'without Helm'],
    },
    {
      what: 'options of an update without --update',
      args: [...create, '--rotate-secret', 'A', '--accept-other-stack'],
      says: ['--rotate-secret, --accept-other-stack: only with --update'],
      code: 2,
    },
    {
      what: 'a --lock-wait that is not a number',
      args: [...create, '--lock-wait', 'soon'],
      says: ['--lock-wait: soon is not a number of seconds'],
      code: 2,
    },
    {
      what: 'an unknown option in the extra arguments',
      args: [...create, '--colour'],
      says: ["unknown option '--colour'"],
      code: 2,
    },
    {
      what: '--cluster, which create does not have',
      args: ['deploy', '--cluster', 'c', ...create.slice(1)],
      says: ['--cluster cannot be used with create'],
      code: 2,
    },
    {
      what: 'a name that is too long for the file system',
      args: [...create.slice(0, -1), 'x'.repeat(300)],
      says: ['ENAMETOOLONG'],
    },
  ]);

  accepts([
    {
      what: 'a directory name with spaces, quotes and a line break',
      args: [...create.slice(0, -1), `my "own" 'dir'\n$HOME`],
      then: async (root) =>
        expect(await readFile(join(root, `my "own" 'dir'\n$HOME`, 'config.env'), 'utf8')).toContain(
          "GREETING='good day'",
        ),
    },
    {
      what: 'a directory name with a leading dash',
      args: [...create.slice(0, -2), '--deployment-dir=-made'],
      then: async (root) => expect(await readFile(join(root, '-made', 'config.env'), 'utf8')).toContain('GREETING'),
    },
    { what: 'arguments that look like options after --', args: [...create, '--', '--colour', '-x'] },
    {
      what: 'another --stack than that of the spec, with a warning',
      args: ['--stack', 'test', ...create],
      says: [`WARNING: --stack test is not used: the spec file says stack: ${stackPath}`],
    },
    {
      what: 'another --deploy-to than that of the spec, with a warning',
      args: ['deploy', '--deploy-to', 'k8s', ...create.slice(1)],
      says: ['WARNING: --deploy-to k8s is not used: the spec file says deploy-to: compose'],
    },
  ]);
});

describe('a stack run in place', () => {
  refuses([
    {
      what: '--include with only an unknown pod',
      args: [...deploy, '--include', 'ap', 'ps'],
      says: ['--include', 'leave no pod', 'pods: app', 'did you mean "app"'],
    },
    { what: '--exclude of everything', args: [...deploy, '--exclude', 'app', 'up'], says: ['leave no pod to deploy'] },
    {
      what: 'an --env-file with a bad line',
      files: { 'e.env': 'A=1\nB C=2\n' },
      args: [...deploy, '--env-file', 'e.env', 'up'],
      says: ['e.env:2', 'cannot contain a space'],
    },
    {
      what: 'a --cluster that is not a valid project name',
      args: [...deploy, '--cluster', 'Not Good', 'ps'],
      says: ['--cluster Not Good is not a Compose project name'],
    },
    {
      what: '--stack with deploy-to k8s-kind',
      args: [...deploy, '--deploy-to', 'k8s-kind', 'up'],
      says: ['on compose only', 'deployment --dir'],
    },
    { what: 'an unknown --deploy-to', args: [...deploy, '--deploy-to', 'swarm', 'up'], says: ['swarm'] },
    {
      what: 'a port command without a port',
      args: [...deploy, 'port', 'web'],
      says: ['Usage: port <service> <exposed-port>'],
    },
    {
      what: 'an exec command without a command',
      args: [...deploy, 'exec', 'web'],
      says: ['Usage: exec <service> <cmd>'],
    },
    {
      what: 'a --wait-timeout that is not a number',
      args: [...deploy, 'up', '--wait-timeout', 'x'],
      says: ['--wait-timeout: x is not a number of seconds'],
      code: 2,
    },
  ]);
});

it('a missing --env-file is an error, also where Node reads this option itself', async () => {
  await inWorld({}, async (root) => {
    const result = await runCli([...deploy, '--env-file', 'gone.env', 'up'], { cwd: root });
    expect(result.stderr).toMatch(/gone\.env.*(not found|does not exist)/);
    expect(result.code).not.toBe(0);
  });
});

describe('the command line itself', () => {
  refuses([
    { what: 'an unknown command', args: ['deplyo'], says: ["unknown command 'deplyo'", 'Usage: laconic-so'], code: 2 },
    { what: 'an unknown subcommand', args: [...deploy, 'craete'], says: ["unknown command 'craete'"], code: 2 },
    { what: 'an unknown option', args: ['--colour', 'version'], says: ["unknown option '--colour'"], code: 2 },
    {
      what: 'an abbreviated option',
      args: [...deploy, 'logs', '--tai', '1'],
      says: ["unknown option '--tai'"],
      code: 2,
    },
    {
      what: 'a value for a flag',
      args: [...deploy, 'down', '--delete-volumes=true'],
      says: ['--delete-volumes'],
      code: 2,
    },
    { what: 'an option without its value', args: ['--stack'], says: ['--stack', 'argument missing'], code: 2 },
    { what: 'too many arguments', args: ['version', 'now'], says: ['too many arguments'], code: 2 },
    {
      what: '--local-stack outside a stack-orchestrator folder',
      args: ['--local-stack', ...create],
      says: ['--local-stack needs a current directory below a folder named stack-orchestrator'],
    },
  ]);

  accepts([
    { what: '--help of deploy init without --stack', args: ['deploy', 'init', '--help'] },
    {
      what: '--help of start for a missing directory',
      args: ['deployment', '--dir', 'gone', 'start', '--help'],
    },
    { what: '--version', args: ['--version'] },
  ]);
});

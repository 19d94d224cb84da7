import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { layoutOf } from '../../../src/deployment/directory/layout.js';
import { notePlace } from '../../../src/deployment/directory/place.js';
import { runCli } from '../../support/program.js';
import { type BadInput, create, makeWorld, refuses } from './support.js';

const dir = (...words: string[]): string[] => ['deployment', '--dir', 'made', ...words];

/** The directory in which the valid spec is created once for all rows. */
let template = '';
beforeAll(async () => {
  template = await makeWorld({});
  expect(await runCli(['--quiet', ...create], { cwd: template })).toMatchObject({ code: 0, stderr: '' });
});
afterAll(() => rm(template, { recursive: true, force: true }));

/** A row in a directory that contains a created deployment, to which something happens afterwards. */
function made(row: Omit<BadInput, 'arrange'> & { harm?: (directory: string) => Promise<void> }): BadInput {
  const { harm, ...rest } = row;
  return {
    ...rest,
    arrange: async (root) => {
      await cp(join(template, 'made'), join(root, 'made'), { recursive: true });
      // The deployment is as if it had been created here, so that it is not treated as a copy of the template.
      await rm(layoutOf(join(root, 'made')).place);
      await notePlace(layoutOf(join(root, 'made')));
      await harm?.(join(root, 'made'));
    },
  };
}

const gone =
  (name: string) =>
  async (directory: string): Promise<void> =>
    rm(join(directory, name), { recursive: true });
const becomes =
  (name: string, text: string) =>
  async (directory: string): Promise<void> =>
    writeFile(join(directory, name), text);

describe('deployment --dir', () => {
  refuses([
    { what: 'a missing --dir', args: ['deployment', 'ps'], says: ['--dir'], code: 2 },
    { what: 'a missing directory', args: dir('ps'), says: ['deployment directory made does not exist'] },
    {
      what: 'a file',
      files: { made: 'x' },
      args: dir('ps'),
      says: ['supplied deployment directory path made exists but is a file not a directory'],
    },
    {
      what: '--stack',
      args: ['--stack', 'test', ...dir('ps')],
      says: ["--stack can't be supplied with the deployment command"],
    },
    {
      what: 'an empty --dir',
      args: ['deployment', '--dir', '', 'ps'],
      says: ['--dir <path>', 'must not be empty'],
      code: 2,
    },
    {
      what: 'a directory that is not a deployment',
      args: ['deployment', '--dir', 'repo', 'ps'],
      says: ['repo is not a deployment directory: it has no deployment.yml', 'deploy create'],
    },
    {
      what: 'a --lock-wait that is not a number',
      args: ['deployment', '--dir', 'made', '--lock-wait', '-1', 'ps'],
      says: ['--lock-wait'],
      code: 2,
    },
    ...[
      {
        what: 'a directory without deployment.yml',
        args: dir('start'),
        harm: gone('deployment.yml'),
        says: ['is not a deployment directory: it has no deployment.yml'],
      },
      {
        what: 'a directory without spec.yml',
        args: dir('stop'),
        harm: gone('spec.yml'),
        says: ['made/spec.yml is missing'],
      },
      {
        what: 'a directory without stack.yml',
        args: dir('ps'),
        harm: gone('stack.yml'),
        says: ['made/stack.yml is missing'],
      },
      {
        what: 'a directory without its compose file',
        args: dir('start'),
        harm: gone('compose/docker-compose-app.yml'),
        says: ['compose/docker-compose-app.yml is missing', 'deploy create --update --spec-file'],
      },
      {
        what: 'a deployment.yml without cluster-id',
        args: dir('ps'),
        harm: becomes('deployment.yml', 'deployment-id: a\n'),
        says: ['made/deployment.yml cluster-id: must be a name'],
      },
      {
        what: 'a cluster-id that is an option',
        args: dir('ps'),
        harm: becomes('deployment.yml', 'cluster-id: --all\n'),
        says: ['made/deployment.yml:1 cluster-id: must be a name'],
      },
      {
        what: 'a cluster-id with a line break',
        args: dir('ps'),
        harm: becomes('deployment.yml', 'cluster-id: "a\\nb"\n'),
        says: ['deployment.yml:1 cluster-id: must be a name'],
      },
      {
        what: 'a cluster-id that is a number',
        args: dir('ps'),
        harm: becomes('deployment.yml', 'cluster-id: 12\n'),
        says: ['deployment.yml:1 cluster-id: must be a name'],
      },
      {
        what: 'an empty deployment.yml',
        args: dir('ps'),
        harm: becomes('deployment.yml', ''),
        says: ['deployment.yml cluster-id: must be a name'],
      },
      {
        what: 'a deployment.yml that is a list',
        args: dir('ps'),
        harm: becomes('deployment.yml', '- a\n'),
        says: ['deployment.yml', 'must be a'],
      },
      {
        what: 'an invalid deployment.yml',
        args: dir('ps'),
        harm: becomes('deployment.yml', 'cluster-id: [\n'),
        says: ['deployment.yml', 'is not valid YAML'],
      },
      { what: 'an empty spec.yml', args: dir('ps'), harm: becomes('spec.yml', ''), says: ['made/spec.yml: is empty'] },
      {
        what: 'an invalid stack.yml',
        args: dir('ps'),
        harm: becomes('stack.yml', 'pods: [a b]\n'),
        says: ['made/stack.yml:1 pods[0]'],
      },
      {
        what: 'a config.env that cannot be parsed',
        args: dir('start'),
        harm: becomes('config.env', 'A B=1\n'),
        says: ['config.env:1', 'cannot contain a space'],
      },
      {
        what: 'a secrets.env that cannot be parsed, without showing its content',
        args: dir('start'),
        harm: becomes('secrets.env', 'PASSWORD="hunter2\n'),
        says: ['secrets.env:1 PASSWORD', 'never ends', /^(?![^]*hunter2)/],
      },
      {
        what: 'a compose file that Compose cannot read',
        args: dir('start'),
        harm: becomes('compose/docker-compose-app.yml', 'services: [web\n'),
        says: ['docker-compose-app.yml'],
      },
    ].map(made),
    made({
      what: 'create --update with a truncated create.json',
      args: [...create, '--update'],
      harm: becomes('.laconic/create.json', '{"net'),
      says: ['.laconic/create.json'],
    }),
    ...['null', '[1,2]'].map((text) =>
      made({
        what: `create --update with ${text} in create.json`,
        args: [...create, '--update'],
        harm: becomes('.laconic/create.json', text),
        says: ['.laconic/create.json is damaged', /^(?![^]*bug in laconic-so)/],
      }),
    ),
    made({
      what: 'create --update with a truncated manifest',
      args: [...create, '--update'],
      harm: becomes('.laconic/manifest.json', '{"spec'),
      says: ['.laconic/manifest.json'],
    }),
    made({
      what: 'create --update with a truncated journal',
      args: [...create, '--update'],
      harm: becomes('.laconic/journal.json', '{"pha'),
      says: ['.laconic/journal'],
    }),
    made({
      what: 'create --update with an invalid lock file',
      args: [...create, '--update'],
      harm: becomes('.laconic/lock', 'nonsense'),
      says: ['lock'],
    }),
    made({
      what: '--rotate-secret of a name without a secret',
      args: [...create, '--update', '--rotate-secret', 'GREETING'],
      says: ["--rotate-secret GREETING: the spec's config has no $generate token"],
    }),
    made({
      what: 'restart after the stack was moved',
      args: dir('restart'),
      harm: becomes('deployment.yml', 'cluster-id: laconic-x\nstack-source: /moved/away/app\n'),
      says: ['Stack source path does not exist: /moved/away/app'],
    }),
    made({
      what: 'restart without a stack-source',
      args: dir('restart'),
      harm: becomes('deployment.yml', 'cluster-id: laconic-x\n'),
      says: ['No stack-source in deployment.yml and --stack-path not provided', 'Use --stack-path'],
    }),
    made({
      what: 'restart with a missing --stack-path',
      args: dir('restart', '--stack-path', 'nope'),
      says: ['Stack source path does not exist'],
    }),
    made({
      what: 'restart --image without =',
      args: dir('restart', '--image', 'web'),
      says: ["Invalid --image format 'web', expected container=image"],
      code: 2,
    }),
    made({
      what: 'restart --image with an invalid image name',
      args: dir('restart', '--image', 'web=Shop:x y'),
      says: ['--image web: Shop:x y is not an image name'],
      code: 2,
    }),
    made({ what: 'an invalid port', args: dir('port', 'web', 'http'), says: ['not a port: http'], code: 2 }),
    made({
      what: 'an invalid protocol',
      args: dir('port', 'web', '80', '--protocol', 'icmp'),
      says: ['--protocol: icmp is not tcp, udp or sctp'],
      code: 2,
    }),
    made({
      what: 'an invalid index',
      args: dir('exec', '--index', '0', 'web', 'ls'),
      says: ['--index: 0 is not a number of 1 or more'],
      code: 2,
    }),
    made({
      what: 'an unknown format',
      args: dir('ps', '--format', 'xml'),
      says: ['--format: xml is not text or json'],
      code: 2,
    }),
    made({ what: 'an invalid tail', args: dir('logs', '--tail', 'x'), says: ['--tail'], code: 2 }),
    made({ what: 'run-job without a job', args: dir('run-job'), says: ["missing required argument 'job'"], code: 2 }),
    made({ what: 'a misspelt job', args: dir('run-job', 'tdiy'), says: ['tdiy', 'did you mean "tidy"'] }),
    made({
      what: 'an invalid timeout',
      args: dir('stop', '--timeout', 'soon'),
      says: ['--timeout: soon is not'],
      code: 2,
    }),
    made({
      what: 'a fraction of a second, which engines and clusters do not accept, before anything is stopped',
      args: dir('stop', '--timeout', '0.5'),
      says: ['--timeout: 0.5 is not a whole number of seconds'],
      code: 2,
    }),
    made({
      what: 'start of an unknown service',
      args: dir('start', 'wbe'),
      says: ['no such service: wbe, did you mean "web"?'],
    }),
    made({ what: 'stop of an unknown service', args: dir('stop', 'wbe'), says: ['no such service: wbe'] }),
    made({ what: 'logs of an unknown service', args: dir('logs', 'wbe'), says: ['no such service: wbe'] }),
    made({ what: 'exec in an unknown service', args: dir('exec', 'wbe', 'ls'), says: ['no such service: wbe'] }),
    made({
      what: 'exec in a service that is not running',
      args: dir('exec', 'web', 'ls'),
      says: ['the command was not run', 'is not running'],
    }),
    made({
      what: 'port of a service that is not running',
      args: dir('port', 'web', '80'),
      says: ['is not running', 'start it first'],
    }),
    made({
      what: 'start without docker on the PATH',
      args: dir('start'),
      env: { PATH: '/nowhere' },
      says: ['docker is not installed, or not on the PATH', 'install the Docker engine'],
    }),
    made({
      what: '--delete-data without a terminal and without --yes',
      args: dir('stop', '--delete-data'),
      says: ['--delete-data permanently deletes', 'add --yes'],
    }),
  ]);
});

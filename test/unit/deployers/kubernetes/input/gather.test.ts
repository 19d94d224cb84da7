import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type GatheredInput,
  gatherInput,
  type InputOptions,
} from '../../../../../src/deployers/kubernetes/input/gather.js';
import { buildObjects } from '../../../../../src/deployers/kubernetes/objects/build.js';
import { filesOnDisk } from '../../../../../src/deployment/directory/files.js';
import { layoutOf } from '../../../../../src/deployment/directory/layout.js';
import { readDeployment } from '../../../../../src/deployment/access/open.js';
import { formatProblem, InvalidFileError } from '../../../../../src/system/errors.js';
import { temporaryDirectory } from '../../../../support/temporary.js';

const plain: Record<string, string> = {
  'spec.yml': 'stack: ../stacks/notes\ndeploy-to: k8s-kind\n',
  'stack.yml': 'pods: [ web ]\n',
  'deployment.yml': 'cluster-id: laconic-aaaa\ndeployment-id: laconic-bbbb\n',
  'config.env': '',
  'compose/docker-compose-web.yml': 'services: { web: { image: a } }\n',
  '.laconic/create.json': '{}',
};

type Gathered = GatheredInput & { errors: string[]; warnings: string[]; root: string };

/** The input of a deployment directory with these files, in addition to or instead of plain ones. */
async function gather(files: Record<string, string | null>, options: Partial<InputOptions> = {}): Promise<Gathered> {
  const root = await temporaryDirectory();
  for (const [path, text] of Object.entries({ ...plain, ...files })) {
    if (text === null) continue;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const deployment = await readDeployment(layoutOf(root));
  const all = { env: {}, home: '/nowhere', cwd: root, requireToken: true, ...options };
  const gathered = await gatherInput({ ...deployment, root }, filesOnDisk(root), all);
  const { errors, warnings } = gathered.findings;
  return { ...gathered, root, errors: errors.map(formatProblem), warnings: warnings.map(formatProblem) };
}

const environmentOf = ({ input }: Gathered): Record<string, string> =>
  Object.fromEntries(input.podFiles[0]?.model.services.get('web')?.environment ?? []);

describe('the names of a deployment', () => {
  it('are its deployment-id, the last part of the stack, and a namespace made from the id', async () => {
    const { input, root } = await gather({});
    expect(input).toMatchObject({
      deploymentId: 'laconic-bbbb',
      stack: 'notes',
      namespace: 'laconic-notes',
      directory: root,
      target: 'k8s-kind',
      envPolicy: 'mentioned',
    });
  });
});

it('divides a compose file with two services on one port, in old directories only if the spec asks for it', async () => {
  const compose = 'services:\n  a: { image: x, ports: [ "80" ] }\n  b: { image: x, ports: [ "80" ] }\n';
  const pods = async (spec: string, created: string | null): Promise<string[]> => {
    const text = `${plain['spec.yml']}${spec}`;
    const files = { 'compose/docker-compose-web.yml': compose, 'spec.yml': text, '.laconic/create.json': created };
    return (await gather(files)).input.podFiles.map(({ name }) => name);
  };
  expect(await pods('', '{}')).toEqual(['web-a', 'web-b']);
  expect(await pods('', null)).toEqual(['web']);
  expect(await pods('pods: per-service\n', null)).toEqual(['web-a', 'web-b']);
});

describe('the containers that get a variable', () => {
  it.each([
    ['a directory of laconic-so', {}, 'mentioned'],
    ['a directory of the Python program', { '.laconic/create.json': null }, 'all'],
    [
      'a directory with an explicit setting',
      { 'deployment.yml': `${plain['deployment.yml'] ?? ''}environment: all\n` },
      'all',
    ],
    [
      'a changed directory of the Python program',
      { '.laconic/create.json': null, 'deployment.yml': `${plain['deployment.yml'] ?? ''}environment: mentioned\n` },
      'mentioned',
    ],
  ])('are chosen by the rule of %s', async (_, files, expected) => {
    expect((await gather(files)).input.envPolicy).toBe(expected);
  });

  it('are not chosen by an unknown word in deployment.yml, which is refused', async () => {
    const text = `${plain['deployment.yml'] ?? ''}environment: some\n`;
    await expect(gather({ 'deployment.yml': text })).rejects.toThrow(
      /deployment\.yml:3 environment: must be mentioned or all/,
    );
  });

  it('get the values of config.env and secrets.env, then the user’s uid and gid, then the process environment', async () => {
    const gathered = await gather(
      {
        'config.env': "A=config\nB='$literal'\n",
        'secrets.env': 'S=secret\n# no longer in the config: {"name":"OLD","value":"x"}\n',
        'compose/docker-compose-web.yml':
          'services: { web: { image: a, environment: { A: "${A}", B: "${B}", S: "${S}", U: "${CERC_HOST_UID}", H: "${HERE}", X: "${X:-x}" } } }',
      },
      { env: { A: 'process', HERE: 'process', CERC_HOST_UID: 'process' } },
    );
    expect(environmentOf(gathered)).toEqual({
      A: 'config',
      B: '$literal',
      S: 'secret',
      U: String(process.getuid?.()),
      H: 'process',
      X: 'x',
    });
    expect(gathered.input.generatedSecrets).toEqual(new Map([['S', 'secret']]));
    expect(gathered.secrets).toEqual(['secret']);
    const old = await gather(
      {
        '.laconic/create.json': null,
        'compose/docker-compose-web.yml': 'services: { web: { image: a, environment: { H: "${HERE}" } } }',
      },
      { env: { HERE: 'process' } },
    );
    expect(environmentOf(old)).toEqual({ H: '' });
  });

  it('include every container for names that no compose file or env file mentions', async () => {
    const { input } = await gather({
      'stack.yml': 'pods: [ web ]\njobs: [ seed ]\n',
      'config.env': 'A=1\nB=1\nC=1\nD=1\nE=1\n',
      'compose/docker-compose-web.yml':
        'services: { web: { image: "x:${A}", env_file: ../config/web/app.env } }\nconfigs: { c: { content: "${B}" } }\n',
      'config/web/app.env': 'X=${C}\n',
      'compose-jobs/docker-compose-seed.yml': 'services: { seed: { image: a, environment: [ D ] } }\n',
    });
    expect([...input.unmentioned]).toEqual(['E']);
  });

  it('get values from credentials files, told apart from others where the record lists them', async () => {
    const files = {
      'config.env': 'A=a\nOWN=config\n\n# From credentials file: c.env\nOWN=credential\nURL=x-${A}\nS=plain\n',
      'secrets.env': 'S=generated\n',
      'compose/docker-compose-web.yml': 'services: { web: { image: a, environment: { O: "${OWN}" } } }',
    };
    expect((await gather(files)).input.credentials).toEqual(new Map());
    const marked = await gather({
      ...files,
      'deployment.yml': `${plain['deployment.yml'] ?? ''}credentials: secret\n`,
    });
    expect(marked.input.credentials).toEqual(
      new Map([
        ['OWN', 'credential'],
        ['URL', 'x-a'],
      ]),
    );
    expect(marked.warnings).toEqual([expect.stringContaining('credentials-files: no service mentions URL')]);
    const wrong = gather({ ...files, 'deployment.yml': `${plain['deployment.yml'] ?? ''}credentials: plain\n` });
    await expect(wrong).rejects.toThrow(/deployment\.yml:3 credentials: must be secret/);
  });

  it.each([
    [{}, ['web']],
    [{ COMPOSE_PROFILES: 'debug, other' }, ['web', 'shell']],
  ])('belong to the profiles of %j', async (env, expected) => {
    const text = 'services: { web: { image: a }, shell: { image: a, profiles: [ debug ] } }';
    const { input } = await gather({ 'compose/docker-compose-web.yml': text }, { env });
    expect([...(input.podFiles[0]?.model.services.keys() ?? [])]).toEqual(expected);
    const byConfig = await gather({ 'compose/docker-compose-web.yml': text, 'config.env': 'COMPOSE_PROFILES=debug\n' });
    expect([...(byConfig.input.podFiles[0]?.model.services.keys() ?? [])]).toEqual(['web', 'shell']);
  });
});

describe('compose files of pods and jobs', () => {
  it('are in stack order, and a job without a file is skipped', async () => {
    const { input } = await gather({
      'stack.yml': 'pods: [ web, back ]\njobs: [ seed, gone ]\n',
      'compose/docker-compose-back.yml': 'services: { db: { image: a, depends_on: [ web ] } }',
      'compose-jobs/docker-compose-seed.yml': 'services: { seed: { image: a, depends_on: [ db ] } }',
    });
    expect(input.podFiles.map(({ name }) => name)).toEqual(['web', 'back']);
    expect(input.jobs.map(({ name }) => name)).toEqual(['seed']);
  });

  it('are named when one is missing', async () => {
    await expect(gather({ 'stack.yml': 'pods: [ web, back ]\n' })).rejects.toThrow(
      /the compose file of pod back is missing: .*\/compose\/docker-compose-back\.yml/,
    );
  });

  it('are checked together, and all problems are reported', async () => {
    const failure = await gather({
      'stack.yml': 'pods: [ web, back ]\n',
      'compose/docker-compose-web.yml': 'services:\n  web:\n    image: a\n    ports: [ x ]\n',
      'compose/docker-compose-back.yml': 'services:\n  db:\n    image: a\n    nonsense: 1\n',
    }).then(
      () => undefined,
      (error: unknown) => error,
    );
    const problems = failure instanceof InvalidFileError ? failure.problems : [];
    expect(problems.map(({ file, line }) => [file.split('/').pop(), line])).toEqual([
      ['docker-compose-web.yml', 4],
      ['docker-compose-back.yml', 4],
    ]);
  });

  it('are warned about when they use aliases in a Docker network, which Kubernetes does not have', async () => {
    const { warnings } = await gather({
      'compose/docker-compose-web.yml': [
        'services:',
        '  web:',
        '    image: a',
        '    networks:',
        '      default:',
        '        aliases: [ other ]',
      ].join('\n'),
    });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/docker-compose-web\.yml:6 services\.web\.networks\.default\.aliases: do not exist/);
  });
});

describe('files that become objects', () => {
  const mounting = (...mounts: string[]): Record<string, string> => ({
    'compose/docker-compose-web.yml': `services: { web: { image: a, volumes: ${JSON.stringify(mounts)} } }`,
  });

  it('are read from compose/, one level deep, by the path as it is written', async () => {
    const { input, errors } = await gather({
      ...mounting('../config/web/run.sh:/run.sh', '../config/etc:/etc/x', '../nowhere:/y'),
      'config/web/run.sh': 'run',
      'config/etc/a': 'a',
      'config/etc/b': 'b',
    });
    expect(errors).toEqual([]);
    expect(input.boundFiles).toEqual(
      new Map([
        ['../config/web/run.sh', { kind: 'file', name: 'run.sh', content: Buffer.from('run') }],
        [
          '../config/etc',
          {
            kind: 'directory',
            files: new Map([
              ['a', Buffer.from('a')],
              ['b', Buffer.from('b')],
            ]),
          },
        ],
      ]),
    );
  });

  it('are those of declared configmaps, in folders too', async () => {
    const { input } = await gather({
      'spec.yml': `${plain['spec.yml'] ?? ''}configmaps: { conf: , gone: }\n`,
      'configmaps/conf/a': 'a',
      'configmaps/conf/deep/b': 'b',
    });
    const conf = [...(input.configmaps.get('conf') ?? [])].map(([path, content]) => [path, content.toString()]);
    expect(conf).toEqual([
      ['a', 'a'],
      ['deep/b', 'b'],
    ]);
    expect(input.configmaps.size).toBe(1);
  });

  it('are refused with their line and without being read when they cannot be a ConfigMap', async () => {
    const { errors } = await gather({
      ...mounting('../config/big:/b', '/dev/null:/c'),
      'config/big/a': 'x'.repeat(1024 ** 2 + 1),
    });
    expect(errors.map((text) => text.replace(/^.*services/, 'services').slice(0, 70))).toEqual([
      'services.web.volumes[0]: "../config/big" holds more than a file or dir',
      'services.web.volumes[1]: "/dev/null" is neither a file nor a directory',
    ]);
  });
});

describe('the registry’s token', () => {
  const spec = (keys: string): Record<string, string> => ({
    'spec.yml': `${plain['spec.yml'] ?? ''}image-pull-secret: { server: ghcr.io, username: me, ${keys} }\n`,
  });

  it.each([
    ['token-env: T', {}, { T: 'from-env' }, 'from-env'],
    ['token-file: token', { token: ' from-file\n' }, {}, 'from-file'],
    ['token-file: token, token-env: T', { token: 'from-file' }, { T: 'from-env' }, 'from-file'],
    ['token-file: token, token-env: T', {}, { T: 'from-env' }, 'from-env'],
  ])('%s', async (keys, files, env, expected) => {
    const { input, secrets, errors } = await gather({ ...spec(keys), ...files }, { env });
    expect(input.registryToken).toBe(expected);
    expect(secrets).toContain(expected);
    expect(errors).toEqual([]);
  });

  it('is an error when it cannot be read and something is applied, otherwise a warning', async () => {
    const missing = spec('token-file: gone, token-env: T');
    const text =
      'image-pull-secret: the token for ghcr.io cannot be read: the file gone has none, and the variable T is not set; nodes cannot pull without it';
    const needed = await gather(missing);
    expect(needed.errors.map((error) => error.replace(/^\S+ /, ''))).toEqual([text]);
    const later = await gather(missing, { requireToken: false });
    expect(later.errors).toEqual([]);
    expect(later.warnings.map((warning) => warning.replace(/^\S+ /, ''))).toEqual([text]);
  });
});

describe('ids of local images', () => {
  it('are read once, on kind only, for the images of pods and jobs after overrides', async () => {
    const asked: string[][] = [];
    const imageIds = async (references: readonly string[]) => {
      asked.push([...references]);
      return new Map([['x:local', 'sha256:1']]);
    };
    const files = {
      'compose/docker-compose-web.yml':
        'services: { web: { image: "x:local" }, b: { image: "y:local" }, c: { image: "z:1" }, d: { image: "x:local" } }',
    };
    const images = new Map([['b', 'y:2']]);
    const { input } = await gather(files, { imageIds, images });
    expect(asked).toEqual([['x:local']]);
    expect(input.imageVersions).toEqual(new Map([['x:local', 'sha256:1']]));
    const spec = 'stack: s\ndeploy-to: k8s\nkube-config: k\n';
    expect((await gather({ ...files, 'spec.yml': spec }, { imageIds })).input.imageVersions.size).toBe(0);
    expect(asked).toHaveLength(1);
  });

  it('are used together with the digests of pushed images', async () => {
    const files = { 'compose/docker-compose-web.yml': 'services: { web: { image: "x:local" } }' };
    const pushed = new Map([['r/x:deploy-1', 'sha256:2']]);
    const imageIds = async () => new Map([['x:local', 'sha256:1']]);
    expect((await gather(files, { imageIds, pushed })).input.imageVersions).toEqual(
      new Map([...pushed, ['x:local', 'sha256:1']]),
    );
    const spec = 'stack: s\ndeploy-to: k8s\nkube-config: k\n';
    expect((await gather({ ...files, 'spec.yml': spec }, { pushed })).input.imageVersions).toEqual(pushed);
  });
});

describe('secrets of the spec with sources', () => {
  const spec = `${plain['spec.yml'] ?? ''}secrets: { creds: { keys: { A: { env: VAR }, B: { file: b.key } } } }\n`;

  it('become a Secret whose content triggers rollouts', async () => {
    const of = (value: string): Promise<Gathered> =>
      gather({ 'spec.yml': spec, 'b.key': 'two\n' }, { env: { VAR: value } });
    const one = await of('one');
    expect([one.errors, one.secrets]).toEqual([[], ['one', 'two']]);
    const { objects } = buildObjects(one.input);
    const secret = objects.find(({ kind }) => kind === 'Secret');
    expect(secret).toMatchObject({
      metadata: { name: 'creds', namespace: 'laconic-notes' },
      data: { A: Buffer.from('one').toString('base64'), B: Buffer.from('two').toString('base64') },
    });
    const templates = [one, await of('other')].map(({ input }) =>
      JSON.stringify(buildObjects(input).objects.find(({ kind }) => kind === 'Deployment')?.spec),
    );
    expect(templates[0]).not.toBe(templates[1]);
  });

  it('are an error without their source when something is applied, otherwise their Secret is left out', async () => {
    const { errors, root } = await gather({ 'spec.yml': spec });
    expect(errors).toEqual([
      expect.stringContaining('secrets.creds.keys.A: the variable VAR is not set'),
      expect.stringContaining(`secrets.creds.keys.B: the file ${root}/b.key does not exist`),
    ]);
    const looked = await gather({ 'spec.yml': spec }, { requireToken: false });
    expect([looked.errors, looked.warnings, looked.input.secretValues?.size]).toEqual([[], [], 0]);
  });
});

describe('files and folders that services mount', () => {
  const mounts = (...list: string[]): string => `services: { web: { image: a, volumes: ${JSON.stringify(list)} } }\n`;
  const built = ({ input }: Gathered) => {
    const { objects, findings } = buildObjects(input);
    const deployment = JSON.stringify(objects.find(({ kind }) => kind === 'Deployment')?.spec);
    return { objects, deployment, says: [...findings.errors, ...findings.warnings].map(formatProblem) };
  };

  it('keep a mode that is not readable by everybody, and may otherwise be executed', async () => {
    const gathered = await gather({
      'compose/docker-compose-web.yml': mounts('../config/web:/etc/web:ro'),
      'config/web/key.pem': 'key',
      'config/web/run.sh': 'run',
      'config/web/run.sh.bak': 'old',
    });
    chmodSync(join(gathered.root, 'config/web/key.pem'), 0o600);
    const again = await gatherInput(
      { ...(await readDeployment(layoutOf(gathered.root))), root: gathered.root },
      filesOnDisk(gathered.root),
      { env: {}, home: '/nowhere', cwd: gathered.root, requireToken: true },
    );
    const { objects, deployment } = built({ ...gathered, ...again });
    expect(deployment).toContain(
      '"items":[{"key":"key.pem","path":"key.pem","mode":384},{"key":"run.sh","path":"run.sh"}]',
    );
    expect(Object.keys(objects.find(({ kind }) => kind === 'ConfigMap')?.binaryData ?? {})).toEqual([
      'key.pem',
      'run.sh',
    ]);
  });

  it('are writable empty volumes when the folder is empty; an empty folder inside another is left out with a warning', async () => {
    const gathered = await gather({
      'compose/docker-compose-web.yml': mounts('../config/plugins:/plugins', '../config/web:/etc/web:ro'),
      'config/web/a.conf': 'a',
    });
    for (const folder of ['config/plugins', 'config/web/later/deeper'])
      mkdirSync(join(gathered.root, folder), { recursive: true });
    const again = await gatherInput(
      { ...(await readDeployment(layoutOf(gathered.root))), root: gathered.root },
      filesOnDisk(gathered.root),
      { env: {}, home: '/nowhere', cwd: gathered.root, requireToken: true },
    );
    expect(again.findings.warnings.map(formatProblem)).toEqual([
      expect.stringContaining('"../config/web": the empty folders in it are left out (later)'),
    ]);
    const { objects, deployment, says } = built({ ...gathered, ...again });
    expect(says).toEqual([]);
    expect(deployment).toContain('"emptyDir":{}');
    expect(objects.filter(({ kind }) => kind === 'ConfigMap')).toHaveLength(1);
  });

  it('are warned about when Compose lets the container write to them', async () => {
    const compose = mounts('../config/state:/state', '../config/state/one:/one', '../config/state:/again:ro');
    const { says } = built(await gather({ 'compose/docker-compose-web.yml': compose, 'config/state/one': '1' }));
    expect(says).toEqual([
      expect.stringMatching(
        /^\S+docker-compose-web\.yml:1 services\.web\.volumes\[0\]: "\.\.\/config\/state" is copied into a ConfigMap, which is read-only/,
      ),
    ]);
  });
});

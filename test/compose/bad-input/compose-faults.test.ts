import { readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect } from 'vitest';
import { runCli } from '../../support/program.js';
import {
  accepts,
  type BadInput,
  compose,
  composeFile,
  create,
  hookFile,
  listing,
  refuses,
  spec,
  stackFile,
  stackPath,
} from './support.js';

const repo = dirname(dirname(composeFile));

/** Lines of a compose file that Docker Compose rejects, and the line and text of the message. */
const faulty: readonly { what: string; text: string[]; says: string[] }[] = [
  {
    what: 'a key that Compose does not know',
    text: ['services:', '  web:', '    imge: a', '    image: b'],
    says: ['3 services\\.web\\.imge: is not a key that Compose knows, did you mean "image"\\?'],
  },
  {
    what: 'an undeclared volume and network',
    text: ['services:', '  web:', '    image: a', '    volumes: ["data:/d"]', '    networks: [lan]'],
    says: [
      '4 services\\.web\\.volumes: the volume "data" is not declared',
      '5 services\\.web\\.networks: the network "lan"',
    ],
  },
  {
    what: 'an empty file',
    text: ['# nothing yet'],
    says: [' is empty: services are declared in it, or `services: \\{\\}`'],
  },
  {
    what: 'a service without an image',
    text: ['services:', '  web:', '    command: ls'],
    says: ['2 services\\.web: has neither an image nor a build'],
  },
  {
    what: 'circular and missing dependencies',
    text: ['services:', '  a: {image: a, depends_on: [b]}', '  b: {image: a, depends_on: [a, c]}'],
    says: [
      '3 services\\.b\\.depends_on: depends on the service "c"',
      '2 services\\.a\\.depends_on: goes round in a circle',
    ],
  },
  {
    what: 'missing files',
    text: [
      'services:',
      '  web:',
      '    image: a',
      '    env_file: [./a.env, {path: b.env}]',
      '    secrets: [pw]',
      '    configs: [cf]',
      'secrets: {pw: {file: ./pw.txt}}',
      'configs: {cf: {file: /nowhere/cf.txt}}',
    ],
    says: [
      '4 services\\.web\\.env_file\\[0\\]: the env file "\\./a\\.env" is missing',
      '4 services\\.web\\.env_file\\[1\\]: the env file "b\\.env" is missing',
      '7 secrets\\.pw\\.file: \\./pw\\.txt does not exist: nothing in the stack provides compose/pw\\.txt',
      '8 configs\\.cf\\.file: /nowhere/cf\\.txt does not exist on this host: create it, or name another one',
    ],
  },
];

describe('compose files that Docker Compose would reject, and the files next to them', () => {
  // With a create hook, the directory is checked after the hook, and the messages name the stack's own files.
  const faults = (hook: boolean): BadInput[] =>
    faulty.map(({ what, text, says }) => ({
      what: `${what}${hook ? ', after a create hook' : ''}`,
      files: { ...compose(...text), ...spec(), ...(hook ? { [hookFile]: 'export function create() {}\n' } : {}) },
      args: create,
      says: says.map((each) => new RegExp(`/stack-orchestrator/compose/docker-compose-app\\.yml:${each}`)),
    }));
  refuses(faults(false));
  refuses(faults(true));

  refuses([
    {
      what: 'circular dependencies across the compose files of several pods, and through an included one',
      files: {
        [stackFile]: 'name: app\npods: [app, other]\n',
        ...compose(
          'include: [part.yml]',
          'services:',
          '  a: {image: a, depends_on: [b]}',
          '  d: {image: a, links: [e]}',
        ),
        [`${repo}/compose/docker-compose-other.yml`]: [
          'services:',
          '  b: {image: a, depends_on: [c]}',
          '  c: {image: a, depends_on: {a: {condition: service_started, required: false}}}',
          '  off: {image: a, profiles: [p], depends_on: [a]}',
          '',
        ].join('\n'),
        [`${repo}/compose/part.yml`]: 'services: {e: {image: a, depends_on: [d]}}\n',
        ...spec(),
      },
      args: create,
      says: [
        /docker-compose-app\.yml:3 services\.a\.depends_on: goes round in a circle: a → b → c → a$/m,
        /docker-compose-app\.yml:4 services\.d: goes round in a circle: d → e → d$/m,
      ],
    },
    {
      what: 'a compose file with two documents',
      files: { ...compose('services: {web: {image: a}}', '---', 'services: {web: {image: b}}'), ...spec() },
      args: create,
      says: [/docker-compose-app\.yml:2: a second document starts here \(---\): one file holds one/],
    },
    {
      what: 'a port that a credentials file makes invalid',
      files: {
        ...compose('services: {web: {image: busybox:1.36, ports: ["${PORT}:80"]}}'),
        ...spec('credentials-files: [app.env]'),
        'app.env': 'PORT=none\n',
      },
      args: create,
      says: [/yml:1 services\.web\.ports\[0\]: "none:80" is not a port: .* \(PORT is set in app\.env\)$/m],
    },
    {
      what: 'a port that the config makes invalid on Kubernetes',
      files: {
        ...compose('services: {web: {image: busybox:1.36, ports: ["${PORT}:80"]}}'),
        'spec.yml': `stack: ${stackPath}\ndeploy-to: k8s-kind\nconfig: {PORT: none}\n`,
      },
      args: create,
      says: [/services\.web\.ports\[0\]: "none:80" is not a port: .* \(PORT is set in the config of spec\.yml\)$/m],
    },
    {
      what: 'an update with a value that makes a port invalid, when a create hook may repair files',
      files: {
        ...compose('services: {web: {image: busybox:1.36, ports: ["${PORT}:80"]}}'),
        ...spec('credentials-files: [app.env]'),
        'app.env': 'PORT=8123\n',
        [hookFile]: 'export function create() {}\n',
      },
      arrange: async (root) => {
        expect(await runCli(create, { cwd: root })).toMatchObject({ code: 0 });
        await writeFile(join(root, 'app.env'), 'PORT=none\n');
      },
      args: [...create, '--update'],
      says: [/repo\S+docker-compose-app\.yml:1 services\.web\.ports\[0\]: .* \(PORT is set in app\.env\)$/m],
    },
    {
      what: 'every problem in the files of a pod and of a job, in one list',
      files: {
        ...compose('services: {web: {image: busybox:1.36, imge: a, networks: [lan]}}'),
        'repo/stack-orchestrator/compose-jobs/docker-compose-tidy.yml': 'services: {tidy: {env_file: ./job.env}}\n',
        ...spec(),
      },
      args: create,
      says: [
        'services.web.imge',
        'services.web.networks',
        'tidy.yml:1 services.tidy.env_file',
        'services.tidy: has neither',
      ],
    },
    {
      what: 'two different files for the same path, from two repositories',
      files: {
        [stackFile]: `name: app\npods: [{name: one, path: ".", repository: org/one}, {name: two, path: ".", repository: org/two}]\n`,
        ...Object.fromEntries(
          ['one', 'two'].flatMap((name) => [
            [`repos/${name}/docker-compose.yml`, `services: {${name}: {image: busybox:1.36, env_file: own.env}}\n`],
            [`repos/${name}/own.env`, `NAME=${name}\n`],
          ]),
        ),
        ...spec(),
      },
      args: create,
      env: { CERC_REPO_BASE_DIR: 'repos' },
      says: [
        /services\.two\.env_file: \S+one\/own\.env and \S+two\/own\.env are two files, and both would become compose\/own\.env/,
      ],
    },
    {
      what: 'a link next to the compose file that leads outside the repository',
      files: { ...compose('services: {web: {image: busybox:1.36, env_file: ./link.env}}'), ...spec() },
      arrange: async (root) => symlink('/etc/hostname', join(root, repo, 'compose/link.env')),
      args: create,
      says: ['compose/link.env -> /etc/hostname leads out of'],
    },
    {
      what: 'an update with a new mistake in the compose files, while an old one is only a warning',
      files: { ...compose('services: {web: {image: busybox:1.36}}'), ...spec() },
      arrange: async (root) => {
        expect(await runCli(create, { cwd: root })).toMatchObject({ code: 0 });
        await writeFile(join(root, 'made/compose/docker-compose-app.yml'), 'services: {web: {image: a, old: 1}}\n');
        await writeFile(join(root, composeFile), 'services: {web: {image: a, old: 1, new: 2}}\n');
      },
      args: [...create, '--update'],
      says: [/^Error: \S+ services\.web\.new: is not a key/m],
    },
    {
      what: 'an update in which a file next to the compose file is missing',
      files: {
        ...compose('services: {web: {image: busybox:1.36, secrets: [pw]}}', 'secrets: {pw: {file: ./pw.txt}}'),
        [`${repo}/compose/pw.txt`]: 'x',
        ...spec(),
      },
      arrange: async (root) => {
        expect(await runCli(create, { cwd: root })).toMatchObject({ code: 0 });
        await rm(join(root, repo, 'compose/pw.txt'));
      },
      args: [...create, '--update'],
      says: [/secrets\.pw\.file: \.\/pw\.txt does not exist: nothing in the stack provides compose\/pw\.txt/],
    },
  ]);

  accepts([
    {
      what: 'files that a create hook provides, and optional files',
      files: {
        ...compose(
          'services:',
          '  web:',
          '    image: busybox:1.36',
          '    env_file: [{path: ./none.env, required: false}, ./made.env]',
          '    secrets: [pw]',
          'secrets: {pw: {file: ./pw.txt}}',
        ),
        ...spec(),
        [hookFile]: [
          "import { writeFileSync } from 'node:fs';",
          'export function create({ deploymentDir }) {',
          "  for (const name of ['made.env', 'pw.txt']) writeFileSync(`${deploymentDir}/compose/${name}`, 'A=1');",
          '}',
          '',
        ].join('\n'),
      },
      args: create,
      then: async (root, { stderr }) => {
        expect(stderr).not.toContain('WARNING');
        expect(await runCli([...create, '--update'], { cwd: root })).toMatchObject({
          code: 0,
          stderr: expect.not.stringContaining('WARNING') as string,
        });
      },
    },
    {
      what: 'declarations shared between pods, included files and extended services',
      files: {
        [stackFile]: 'name: app\npods: [app, other]\n',
        ...compose(
          'include: [part.yml]',
          'services:',
          '  web: {extends: {file: ../config/app/base.yml, service: base}, depends_on: [more, other], volumes: ["shared:/s"]}',
          '  shell: {env_file: ./shell.env}',
          'networks: {lan: }',
          'secrets: {pw: {file: ./pw.txt}}',
        ),
        [`${repo}/compose/docker-compose-other.yml`]: [
          'services:',
          '  other: {image: "busybox:1.36", networks: [lan], secrets: [pw]}',
          '  shell: {image: "busybox:1.36"}',
          'volumes: {shared: }',
          '',
        ].join('\n'),
        [`${repo}/compose/part.yml`]: 'services: {more: {image: busybox:1.36, env_file: ./part.env}}\n',
        [`${repo}/compose/part.env`]: 'A=1\n',
        [`${repo}/compose/shell.env`]: 'A=1\n',
        [`${repo}/compose/pw.txt`]: 'x',
        [`${repo}/config/app/base.yml`]:
          'services: {base: {image: busybox:1.36, env_file: base.env}, odd: {imge: 1}}\n',
        [`${repo}/config/app/base.env`]: 'A=1\n',
        ...spec('volumes: {shared: }'),
      },
      args: create,
      then: async (root, { stderr }) => {
        expect(stderr).not.toContain('WARNING');
        const render = await runCli(['deployment', '--dir', 'made', 'render'], { cwd: root });
        expect(render).toMatchObject({ code: 0, stdout: expect.stringContaining('more') as string });
      },
    },
    {
      what: 'a value that may be set at start, with a warning',
      files: { ...compose('services: {web: {image: "${IMAGE:?say which}", ports: ["${PORT}x"]}}'), ...spec() },
      args: create,
      says: [
        /^WARNING: \S+:1 services\.web\.image: required variable IMAGE is missing a value: say which/m,
        /^WARNING: \S+:1 services\.web\.ports\[0\]: /m,
      ],
    },
    {
      what: 'a mistake that the directory already has, with one warning',
      files: { ...compose('services: {web: {image: busybox:1.36}}'), ...spec() },
      arrange: async (root) => {
        expect(await runCli(create, { cwd: root })).toMatchObject({ code: 0 });
        for (const path of [composeFile, 'made/compose/docker-compose-app.yml']) {
          await writeFile(join(root, path), 'services: {web: {image: busybox:1.36, env_file: ./none.env, imge: 1}}\n');
        }
      },
      args: [...create, '--update'],
      says: [
        /^WARNING: \S+docker-compose-app\.yml:1 services\.web\.env_file: the env file "\.\/none\.env" is missing/m,
        /^WARNING: \S+ services\.web\.imge: is not a key that Compose knows, did you mean "image"\?/m,
      ],
      then: async (root) => {
        const again = await runCli([...create, '--update'], { cwd: root });
        expect(again).toMatchObject({ code: 0, stderr: expect.not.stringContaining('WARNING') as string });
      },
    },
    {
      what: 'files next to the compose file, and keeps those of the operator and of containers',
      files: {
        ...compose(
          'services:',
          '  web:',
          '    image: busybox:1.36',
          '    secrets: [pw, own]',
          '    volumes: ["./site:/site:ro", "./state:/state", "./none:/none"]',
          'secrets: {pw: {file: ./pw.txt}, own: {file: ./own.txt}}',
        ),
        ...spec(),
        [`${repo}/compose/pw.txt`]: 'stack',
        [`${repo}/compose/own.txt`]: 'stack',
        [`${repo}/compose/site/deep/page`]: 'page',
        [`${repo}/compose/state/old`]: 'old',
      },
      args: create,
      says: [
        /volumes\[1\]: \.\/state, mounted at \/state, is not copied, as the container may write to it: .*mount it read-only/,
        /volumes\[2\]: nothing in the stack provides \.\/none, .* \(expected in compose\/none\)/,
      ],
      then: async (root) => {
        expect(await readFile(join(root, 'made/compose/site/deep/page'), 'utf8')).toBe('page');
        expect((await stat(join(root, 'made/compose/pw.txt'))).mode & 0o777).toBe(0o600);
        expect(await listing(root, 'made/compose')).not.toContainEqual(expect.stringContaining('state'));

        // This is a directory of an older version, which did not record that the file is from the stack.
        const manifest = join(root, 'made/.laconic/manifest.json');
        const others = JSON.parse(await readFile(manifest, 'utf8')) as Record<string, unknown>;
        delete others['compose/own.txt'];
        await writeFile(manifest, JSON.stringify(others));
        await writeFile(join(root, 'made/compose/own.txt'), "operator's");
        await writeFile(join(root, 'made/compose/pw.txt'), 'edited');
        const update = await runCli([...create, '--update'], { cwd: root });
        expect(update).toMatchObject({
          code: 0,
          stderr: expect.stringContaining('compose/own.txt in the deployment') as string,
        });
        expect(update.stderr).toContain('compose/pw.txt was edited in this directory and is replaced');
        expect(await readFile(join(root, 'made/compose/own.txt'), 'utf8')).toBe("operator's");
        expect(await readFile(join(root, 'made/compose/pw.txt'), 'utf8')).toBe('stack');
        const backup = join(root, 'made/compose/pw.txt.bak');
        expect([await readFile(backup, 'utf8'), (await stat(backup)).mode & 0o777]).toEqual(['edited', 0o600]);
      },
    },
  ]);
});

import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect } from 'vitest';
import { runCli } from '../../support/program.js';
import { accepts, type BadInput, compose, composeFile, create, init, refuses, spec } from './support.js';

const repo = dirname(dirname(composeFile));
const sharedPart = `${repo}/shared/part.yml`;
function bothWays(rows: readonly Omit<BadInput, 'args'>[]): BadInput[] {
  return rows.map((row, index) => ({ ...row, args: index % 2 === 0 ? init : create }));
}

describe('compose files', () => {
  refuses(
    bothWays([
      {
        what: 'a compose file that is a list',
        files: compose('- web'),
        says: ['docker-compose-app.yml', 'must be a map, not a list'],
      },
      {
        what: 'services that are a list',
        files: compose('services: [web]'),
        says: ['docker-compose-app.yml:1 services: must be a map'],
      },
      {
        what: 'a service that is a string',
        files: compose('services:', '  web: busybox'),
        says: [':2 services.web: must be a map'],
      },
      {
        what: 'ports that are a map',
        files: compose('services:', '  web: {ports: {80: 80}}'),
        says: ['services.web.ports: must be a list'],
      },
      {
        what: 'a port that is null',
        files: compose('services:', '  web:', '    ports:', '      -'),
        says: [':4 services.web.ports[0]', 'is not a port'],
      },
      {
        what: 'a long port without target',
        files: compose('services:', '  web: {ports: [{published: 80}]}'),
        says: ['services.web.ports[0]', 'target'],
      },
      {
        what: 'a mount that is a number',
        files: compose('services:', '  web: {volumes: [1]}'),
        says: ['services.web.volumes[0]', 'is not a mount'],
      },
      {
        what: 'a long mount without type',
        files: compose('services:', '  web: {volumes: [{source: a}]}'),
        says: ['services.web.volumes[0]', 'type'],
      },
      {
        what: 'an env_file that is a number',
        files: compose('services:', '  web: {env_file: 3}'),
        says: ['services.web.env_file: must be a list'],
      },
      {
        what: 'an image that is a list',
        files: compose('services:', '  web: {image: [a]}'),
        says: ['services.web.image: must be text'],
      },
      {
        what: 'a missing included file',
        files: compose('include:', '  - path: [parts/none.yml]', 'services:', '  web: {image: busybox:1.36}'),
        says: ['docker-compose-app.yml:2 include[0].path', /there is no file \S+\/compose\/parts\/none\.yml/],
      },
      {
        what: 'a missing extended file',
        files: compose('services:', '  web:', '    extends: {file: ../config/app/none.yml, service: base}'),
        says: [':3 services.web.extends.file', /there is no file \S*config\/app\/none\.yml/],
      },
      {
        what: 'an included file outside the deployment directory',
        files: { ...compose('include: [../shared/part.yml]'), [sharedPart]: 'services: {}\n' },
        says: [':1 include[0]: ../shared/part.yml will not be in the deployment directory', 'config/<name>/'],
      },
      {
        what: "an included file that is one of the deployment's own files",
        files: { ...compose('include: [../.laconic/part.yml]'), [`${repo}/.laconic/part.yml`]: 'services: {}\n' },
        says: ['../.laconic/part.yml will not be in the deployment directory'],
      },
      {
        what: 'a mistake in an included file',
        files: { ...compose('include: [part.yml]'), [`${repo}/compose/part.yml`]: 'services:\n  more: {ports: 3}\n' },
        says: ['part.yml:2 services.more.ports: must be a list'],
      },
      {
        what: 'volumes that are a string',
        files: compose('services:', 'volumes: data'),
        says: [':2 volumes: must be a map'],
      },
      {
        what: 'a duplicate service',
        files: compose('services:', '  web: {}', '  web: {}'),
        says: [':3', 'the key "web" is here a second time'],
      },
      {
        what: 'invalid YAML',
        files: compose('services:', '  web: {image: a'),
        says: ['docker-compose-app.yml', 'is not valid YAML'],
      },
    ]),
  );

  accepts([
    {
      what: 'every form of a port, and maps it',
      files: compose(
        'services:',
        '  web:',
        '    image: busybox:1.36',
        '    ports: ["8080:8081", "91/tcp", "90/udp", "127.0.0.1:7000:70", "6000-6001:60-61", 50, {target: 40, published: 4000}]',
      ),
      args: [...init, '--map-ports-to-host', 'localhost-same'],
      then: async (root) =>
        expect(
          (await readFile(join(root, 'new-spec.yml'), 'utf8')).split('\n').filter((line) => line.includes(' - ')),
        ).toEqual(
          [
            '127.0.0.1:8080:8081',
            '127.0.0.1:91:91/tcp',
            '127.0.0.1:90:90/udp',
            '127.0.0.1:7000:70',
            '127.0.0.1:6000-6001:60-61',
            '127.0.0.1:50:50',
            '127.0.0.1:4000:40',
          ].map((port) => expect.stringContaining(port.replace('/tcp', '')) as unknown as string),
        ),
    },
    {
      what: 'a compose file without services when the spec has ports',
      files: {
        ...compose('volumes: {data: }'),
        ...spec('network: {ports: {tidy: ["80"]}}', 'volumes: {data: ./data/data}'),
      },
      args: create,
    },
    {
      what: 'an included file whose path is only known at start, with a warning',
      files: { ...compose('include: ["${PART:-part.yml}"]', 'services: {web: {image: busybox:1.36}}'), ...spec() },
      args: create,
      says: [/^WARNING: \S+:1 include\[0\]: \$\{PART:-part\.yml\} is known at start only/m],
    },
    {
      what: 'an update after the stack lost an included file, with a warning',
      files: {
        ...compose('include: [part.yml]', 'services: {web: {image: busybox:1.36}}'),
        ...spec(),
        [`${repo}/compose/part.yml`]: 'services: {more: {image: busybox:1.36}}\n',
      },
      arrange: async (root) => {
        expect(await runCli(create, { cwd: root })).toMatchObject({ code: 0 });
        await rm(join(root, repo, 'compose/part.yml'));
      },
      args: [...create, '--update'],
      says: [/^WARNING: \S+:1 include\[0\]: there is no file \S+part\.yml, and Compose needs it/m],
    },
    { what: 'a compose file without services', files: { ...compose('services: {}'), ...spec() }, args: create },
    {
      what: 'long mounts, ../config itself and env_file as a string, listing what is missing',
      files: {
        ...compose(
          'services:',
          '  web:',
          '    image: busybox:1.36',
          '    env_file: ../config/app/settings.env',
          '    volumes:',
          '      - {type: bind, source: ../config/app/page, target: /page}',
          '      - ../config:/all',
          '      - /anonymous',
        ),
        ...spec(),
        'repo/stack-orchestrator/config/app/settings.env': 'A=1\n',
      },
      args: create,
      says: [
        /WARNING: .*docker-compose-app.yml:6 services.web.volumes\[0\]: nothing in the stack provides ..\/config\/app\/page/,
      ],
      then: async (root) => expect(await readFile(join(root, 'made/config/app/settings.env'), 'utf8')).toBe('A=1\n'),
    },
    {
      what: 'a volume without a path when the stack has a config directory for it',
      files: { ...spec('volumes:', '  data:'), 'repo/stack-orchestrator/config/data/x': 'x' },
      args: create,
    },
  ]);
});

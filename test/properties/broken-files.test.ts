import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEnvFile } from '../../src/compose/syntax/dotenv.js';
import { bindVolume, renderCompose, setServicePorts } from '../../src/compose/document/edit.js';
import { parseComposeFile } from '../../src/compose/document/file.js';
import { mentionedNames } from '../../src/compose/document/interpolation.js';
import { readRecord } from '../../src/deployment/directory/record.js';
import { layoutOf } from '../../src/deployment/directory/layout.js';
import { parseSecretsEnv } from '../../src/spec/generated-secrets.js';
import { parseSpec } from '../../src/spec/parse.js';
import { parseUsableSpec, usedOnCompose } from '../../src/spec/usable-sections.js';
import { parseStack } from '../../src/stack/parse.js';
import { InvalidFileError } from '../../src/system/errors.js';
import { writeFileAtomically } from '../../src/system/files/files.js';
import { long } from '../support/suites.js';
import { temporaryDirectory } from '../support/temporary.js';

const root = join(import.meta.dirname, '..', '..');
const bundled = (path: string): string => readFileSync(join(root, path), 'utf8');

const specText = `stack: test
deploy-to: compose
config: &shared
  GOSSIP_HOST: 10.0.0.1
  ADMIN_TOKEN: x$generate:hex:16$y
  TEXT: |
    two
    lines
credentials-files: [~/.credentials/app.env]
network:
  ports:
    test: ['80', "8001/udp", 8080:8081]
  http-proxy:
    - host-name: app.example.com
      routes: [{path: /, proxy-to: 'test:80'}]
volumes: {test-data-bind: ./data/test-data-bind, test-data-auto: }
resources:
  containers:
    reservations: {cpus: "0.5", memory: 512M}
    test: {limits: {cpus: 2, memory: 2G}}
security: {privileged: false, capabilities: [NET_ADMIN]}
labels: {<<: *shared, "app.{name}": "on"}
replicas: 1
`;

const composeText = `x-common: &common
  restart: always
  environment: {A: "\${A:-b}", B: $$x}
services:
  web:
    <<: *common
    image: busybox:1.36
    ports: ["8080:80", {target: 90, published: "9000-9001", protocol: udp}]
    volumes:
      - data:/data:ro
      - {type: bind, source: ../config/web, target: /x}
    env_file: [../config/web/a.env, {path: b.env, required: false}]
  other: *common
volumes:
  data: # a comment
  more: {driver: local}
`;

const envText = 'A=1\nexport B="two\\n ${A}"\nC=\'x # y\'\nD: e\n# from "x"\nE\nF=\n';
const recordText = 'cluster-id: laconic-abc\ndeployment-id: laconic-abd\nstack-source:\n  /a/b\n';

/** A way to damage a text; most leave something that is almost valid. */
const damage: fc.Arbitrary<(text: string) => string> = fc.oneof(
  fc.nat().map((n) => onLine(n, () => [])),
  fc.nat().map((n) => onLine(n, (line) => [line, line])),
  fc.tuple(fc.nat(), fc.nat({ max: 6 })).map(([n, by]) => onLine(n, (line) => [' '.repeat(by) + line.trimStart()])),
  fc.nat().map((n) => onLine(n, (line) => [`\t${line}`])),
  fc
    .tuple(
      fc.nat(),
      fc.constantFrom(
        '~',
        '[]',
        '{}',
        '3',
        '-1.5',
        'true',
        '[[a], {b: c}]',
        '*shared',
        '*none',
        '&x',
        '""',
        '0x1F',
        '.nan',
        '.inf',
        '2020-01-01',
        '!!binary aGk=',
        '!!set {a}',
        '!mine x',
        '? a',
        '<<',
        '"\\ud800"',
        '${',
        '$generate:',
        '|2',
        '__proto__',
      ),
    )
    .map(([n, value]) => onLine(n, (line) => [line.replace(/:\s.*$/, `: ${value}`)])),
  fc
    .tuple(
      fc.nat(),
      fc.constantFrom(
        '__proto__',
        'constructor',
        'hasOwnProperty',
        'toString',
        '<<',
        '0',
        '~',
        '',
        '"a\\nb"',
        '[a]',
        '{a: b}',
        'x'.repeat(2000),
      ),
    )
    .map(([n, key]) => onLine(n, (line) => [line.replace(/^(\s*(?:- )?)[^:]+:/, `$1${key}:`)])),
  fc
    .tuple(fc.nat(), fc.string({ unit: 'binary', maxLength: 5 }))
    .map(([n, text]) => at(n, (before, after) => before + text + after)),
  fc
    .tuple(fc.nat(), fc.constantFrom(...'{}[]:,&*!|>\'"%@`#-?~\n\r\t \0\ufeff\ufffd\u2028\u0085'))
    .map(([n, sign]) => at(n, (before, after) => before + sign + after)),
  fc.nat().map((n) => at(n, (before) => before)),
  fc.nat().map((n) => at(n, (before, after) => before + after.slice(1))),
  fc.constant((text: string) => text.replaceAll('\n', '\r\n')),
  fc.constant((text: string) => text.replaceAll('\n', '\r')),
  fc.constant((text: string) => `\ufeff${text}`),
  fc.constant((text: string) => `${text}---\n${text}`),
  fc.constant((text: string) => `%YAML 1.1\n---\n${text}...\n`),
);

function onLine(n: number, change: (line: string) => string[]): (text: string) => string {
  return (text) => {
    const lines = text.split('\n');
    const index = n % lines.length;
    lines.splice(index, 1, ...change(lines[index] ?? ''));
    return lines.join('\n');
  };
}

function at(n: number, change: (before: string, after: string) => string): (text: string) => string {
  return (text) => {
    const index = n % (text.length + 1);
    return change(text.slice(0, index), text.slice(index));
  };
}

function damaged(...texts: string[]): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...texts), fc.array(damage, { minLength: 1, maxLength: 4 }))
    .map(([text, changes]) => changes.reduce((changed, change) => change(changed), text));
}

/**
 * The parser accepts the text, or rejects it with messages that are complete and name the file. It never fails
 * otherwise.
 */
function takesOrRefuses(read: (text: string) => void): (text: string) => void {
  return (text) => {
    // Processor time, which does not depend on the load of the machine.
    const before = process.cpuUsage();
    try {
      read(text);
    } catch (error) {
      if (!(error instanceof InvalidFileError)) throw error;
      expect(error.problems.length).toBeGreaterThan(0);
      for (const problem of error.problems) {
        expect(problem.file).toBe('f');
        expect(problem.message).not.toMatch(/undefined|\[object|Invalid input/);
        expect(problem.message.length).toBeLessThan(2000);
      }
    }
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(2000);
  };
}

const runs = { numRuns: long ? 2000 : 200 };

describe('damaged files are accepted, or rejected with a reason', () => {
  it('stack.yml', () => {
    const texts = ['stacks/test/stack.yml', 'stacks/demo/stack.yml', 'stacks/test-restart-multi/stack.yml'].map(
      bundled,
    );
    fc.assert(
      fc.property(
        damaged(...texts),
        takesOrRefuses((text) => parseStack(text, 'f')),
      ),
      runs,
    );
  });

  it('spec.yml', () => {
    fc.assert(
      fc.property(
        damaged(specText),
        takesOrRefuses((text) => {
          const { spec } = parseSpec(text, 'f');
          for (const value of spec.config.values()) expect(typeof value).toBe('string');
        }),
      ),
      runs,
    );
  });

  it('spec.yml of an existing deployment', () => {
    fc.assert(
      fc.property(
        damaged(specText),
        takesOrRefuses((text) => parseUsableSpec(text, 'f', usedOnCompose)),
      ),
      runs,
    );
  });

  it('compose files, also for editing', () => {
    const texts = [composeText, bundled('compose/docker-compose-test.yml')];
    fc.assert(
      fc.property(
        damaged(...texts),
        takesOrRefuses((text) => {
          const file = parseComposeFile(text, 'f');
          mentionedNames(file, new Map());
          for (const service of file.services.keys()) setServicePorts(file, service, ['1:2']);
          for (const volume of file.volumes) bindVolume(file, volume, '../x');
          // The edited file can be parsed again and has the new ports.
          const again = parseComposeFile(renderCompose(file), 'f');
          for (const service of again.services.values()) expect(service.ports.map((port) => port.raw)).toEqual(['1:2']);
        }),
      ),
      runs,
    );
  });

  it('env files', () => {
    fc.assert(
      fc.property(
        damaged(envText),
        takesOrRefuses((text) => readEnvFile(text, 'f')),
      ),
      runs,
    );
  });

  it('secrets.env', () => {
    fc.assert(
      fc.property(
        damaged('# A from "x$generate:hex:1$"\nA=xab\n# no longer in the config: {"name":"B","value":"1"}\n'),
        (text) => {
          try {
            parseSecretsEnv(text);
          } catch (error) {
            if (!(error instanceof InvalidFileError)) throw error;
          }
        },
      ),
      runs,
    );
  });

  it('deployment.yml', async () => {
    const directory = await temporaryDirectory();
    const layout = layoutOf(directory);
    await fc.assert(
      fc.asyncProperty(damaged(recordText), async (text) => {
        await writeFileAtomically(layout.deployment, text);
        try {
          const { clusterId } = await readRecord(layout);
          expect(clusterId).toMatch(/^[a-z0-9][a-z0-9_-]*$/);
        } catch (error) {
          if (!(error instanceof InvalidFileError)) throw error;
        }
      }),
      runs,
    );
  });
});
